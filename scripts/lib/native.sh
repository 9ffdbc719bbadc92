# Build on the ROS 2 that is already sourced. Sourced, never run.
# shellcheck shell=bash

# Succeed when a ROS 2 other than an embedded one is sourced.
native_ros_is_sourced() {
  [[ -n ${AMENT_PREFIX_PATH-} && -z ${MOBILEONE_ROS_EMBEDDED-} ]]
}

# Print which of some Python modules cannot be imported.
modules_missing() {
  local module
  for module in "$@"; do
    python3 -c "import $module" 2> /dev/null || printf '%s ' "$module"
  done
}

# require_modules MODULE…: end with the command that installs what is missing.
require_modules() {
  local missing
  missing=$(modules_missing "$@")
  if [[ -n $missing ]]; then
    die "the sourced ROS 2 ${ROS_DISTRO-} lacks Python modules: $missing" \
      "cd $root && PIP_BREAK_SYSTEM_PACKAGES=1 rosdep install --from-paths . --ignore-src -y"
  fi
}

# build_native PURPOSE: bring .ros/overlay-$distro up to date, for use or for tests.
build_native() {
  local name missing=()
  prefix=$root/.ros/overlay-$distro
  log_dir=$prefix/log
  if [[ -n $(modules_missing rclpy) ]]; then
    die "ROS 2 ${ROS_DISTRO-} is sourced, but $(command -v python3) cannot import rclpy." \
      'Leave the virtual environment that hides the python3 of ROS 2, or' \
      'start a shell without ROS 2 to use the embedded one.'
  fi
  command -v colcon > /dev/null \
    || die 'no colcon here.' 'sudo apt-get install python3-colcon-common-extensions'
  require_modules numpy cv2 onnxruntime
  [[ $1 != tests ]] || require_modules pytest hypothesis
  lock_prefix
  for name in "${interfaces[@]}"; do
    [[ -z $(modules_missing "$name.msg") ]] || missing+=("$name")
  done
  build_workspace "$distro $AMENT_PREFIX_PATH" "${missing[@]}"
}
