# Build the packages of this checkout with colcon into $prefix. Sourced, never run.
# shellcheck shell=bash

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

# Set this shell up for $prefix; colcon's files read variables that may be unset.
enter_prefix() {
  local file
  set +u
  for file in "$prefix/setup.bash" "$prefix/install/local_setup.bash"; do
    if [[ -f $file ]]; then
      # shellcheck disable=SC1090  # one of two, as the prefix has it
      source "$file"
      break
    fi
  done
  set -u
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
  key="$key $(hash_of package.xml setup.py setup.cfg) $(hash_of_names launch config)"
  stamped package "$key" build_package
}
