# Build the packages of this checkout with colcon into $prefix. Sourced, never run.
# shellcheck shell=bash

# The message packages that come with this one, for machines whose ROS 2 does not carry them.
interfaces=(vision_msgs hbm_img_msgs ai_msgs)

# colcon_build FOLDER… [--OPTION…]: build packages into $prefix/install.
colcon_build() (
  enter_prefix
  colcon --log-base "$log_dir/colcon" build --merge-install --symlink-install \
    --build-base "$prefix/build" --install-base "$prefix/install" --base-paths "$@"
)

# build_interfaces NAME…: compile interface packages of interfaces/.
build_interfaces() {
  local python options=(-DBUILD_TESTING=OFF)
  python=$(enter_prefix && command -v python3)
  options+=("-DPython3_EXECUTABLE=$python")
  if (enter_prefix && command -v ninja) > /dev/null; then
    options+=(-GNinja)
  fi
  step "Compile $*" colcon_build "${@/#/$root/interfaces/}" --cmake-args "${options[@]}" \
    || die 'the interface packages did not compile (the last lines are above).'
}

# Build this package. Its Python is linked, not copied: an edit needs no new build.
build_package() {
  rm -rf "$prefix/build/mobileone_ros"
  step 'Build mobileone_ros' colcon_build "$root" \
    || die 'mobileone_ros did not build (the last lines are above).'
}

# Print the file that sets a shell up for $prefix: an embedded ROS has one of its own.
setup_file() {
  local file=$prefix/setup.bash
  [[ -f $file ]] || file=$prefix/install/local_setup.bash
  printf '%s\n' "$file"
}

# Set this shell up for $prefix, if anything is built in it.
enter_prefix() {
  local file
  file=$(setup_file)
  if [[ -f $file ]]; then
    # colcon's files read variables that may be unset.
    set +u
    # shellcheck disable=SC1090  # see setup_file
    source "$file"
    set -u
  fi
}

# Wait for another script that builds the same prefix, and keep later ones waiting for this one.
lock_prefix() {
  mkdir -p "$log_dir"
  exec {prefix_lock}> "$prefix/lock"
  flock "$prefix_lock"
}

unlock_prefix() {
  exec {prefix_lock}>&-
}

# build_workspace KEY INTERFACE…: build what is not up to date; the key stands for what lies below.
build_workspace() {
  local key=$1
  shift
  if (($#)); then
    key="$key $* $(hash_of interfaces)"
    stamped interfaces "$key" build_interfaces "$@"
  fi
  key="$key $(cd "$root" && hash_of package.xml setup.py setup.cfg mobileone_ros/{core/kernels,arrivals}/*.[ch])"
  key="$key $(hash_of_names launch config)"
  stamped package "$key" build_package
}
