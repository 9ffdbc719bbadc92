# Enter the embedded ROS 2 that this file lies in: source it from bash. Then python, colcon, rclpy
# and this package are at hand as in any sourced workspace.

_mobileone_prefix=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

# _mobileone_prepend VARIABLE PATH…: put paths first, and drop those of an embedded ROS left behind.
_mobileone_prepend() {
  local variable=$1 value part parts
  shift
  value=$(IFS=':'; printf '%s' "$*")
  IFS=':' read -r -a parts <<< "${!variable-}"
  for part in "${parts[@]}"; do
    if [[ -n $part && $part != "${_mobileone_prefix%/*}"/* ]]; then
      value+=${value:+:}$part
    fi
  done
  if [[ -n $value ]]; then
    export "$variable=$value"
  else
    unset "$variable"
  fi
}

export VIRTUAL_ENV=$_mobileone_prefix/venv
_mobileone_prepend PATH "$VIRTUAL_ENV/bin"
_mobileone_prepend PYTHONPATH
_mobileone_prepend COLCON_PREFIX_PATH
_mobileone_prepend AMENT_PREFIX_PATH "$VIRTUAL_ENV"
_mobileone_prepend CMAKE_PREFIX_PATH "$VIRTUAL_ENV"
# The wheels' start-up hook would start every Python twice to set this; its guard says it is done.
_mobileone_prepend LD_LIBRARY_PATH "$VIRTUAL_ENV/lib" \
  "$VIRTUAL_ENV"/lib/python3.*/site-packages/ros_*.libs
export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1

export ROS_VERSION=2 ROS_PYTHON_VERSION=3 ROS_DISTRO=${_mobileone_prefix##*/}
export MOBILEONE_ROS_EMBEDDED=$_mobileone_prefix

if [ -f "$_mobileone_prefix/install/local_setup.bash" ]; then
  # shellcheck disable=SC1091  # colcon writes it
  source "$_mobileone_prefix/install/local_setup.bash"
fi
unset -f _mobileone_prepend
unset _mobileone_prefix
