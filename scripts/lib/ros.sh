# Enter a ROS 2 with this package built: the one already sourced, or an embedded one. Sourced.
# shellcheck shell=bash

# shellcheck source=scripts/lib/common.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/lib/python.sh
source "$root/scripts/lib/python.sh"
# shellcheck source=scripts/lib/embedded.sh
source "$root/scripts/lib/embedded.sh"

distro=${ROS_DISTRO:-kilted}

# enter_ros [--tests]: build what is not up to date, then set this shell up.
enter_ros() {
  build_embedded "$@"
  enter_embedded
}
