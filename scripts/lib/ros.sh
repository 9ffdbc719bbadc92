# Enter a ROS 2 with this package built in: the one already sourced, or an embedded one. Sourced.
# shellcheck shell=bash

# shellcheck source=scripts/lib/common.sh
source "${BASH_SOURCE[0]%/*}/common.sh"
# shellcheck source=scripts/lib/stamps.sh
source "$root/scripts/lib/stamps.sh"
# shellcheck source=scripts/lib/python.sh
source "$root/scripts/lib/python.sh"
# shellcheck source=scripts/lib/workspace.sh
source "$root/scripts/lib/workspace.sh"
# shellcheck source=scripts/lib/embedded.sh
source "$root/scripts/lib/embedded.sh"
# shellcheck source=scripts/lib/native.sh
source "$root/scripts/lib/native.sh"

distro=${ROS_DISTRO:-kilted}

# enter_ros PURPOSE: build what is not up to date, for use or for tests, then set this shell up.
enter_ros() {
  [[ $root != *[[:space:]]* ]] || die "colcon fails where a folder has a space in its name: $root" \
    'Move the checkout to a folder without one.'
  if native_ros_is_sourced; then
    build_native "$1"
  else
    build_embedded "$1"
  fi
  enter_prefix
  unlock_prefix
}
