# Find a Python that the wheels fit, and say what a machine lacks. Sourced, never run.
# shellcheck shell=bash

# Print the real path of an interpreter if it is CPython 3.10 to 3.13, else nothing.
python_that_fits() {
  "$1" - 2> /dev/null << 'PYTHON' || true
import platform
import sys
if (3, 10) <= sys.version_info < (3, 14) and platform.python_implementation() == 'CPython':
    print(sys.executable)
PYTHON
}

# Print the names of the system packages that a build with this interpreter takes and cannot find.
packages_missing_for() {
  local version
  version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$1" -c 'import ensurepip, venv' 2> /dev/null || printf 'python%s-venv ' "$version"
  [[ -f $("$1" -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h ]] \
    || printf 'python%s-dev ' "$version"
  command -v "${CXX:-c++}" > /dev/null || printf 'g++ '
}

# Print the interpreter to build with: $PYTHON, or the first that fits and lacks nothing.
find_python() {
  local candidates candidate python missing first='' lacks=''
  candidates=(python3 /usr/bin/python3 python3.13 python3.12 python3.11 python3.10)
  [[ -z ${PYTHON-} ]] || candidates=("$PYTHON")
  for candidate in "${candidates[@]}"; do
    python=$(python_that_fits "$candidate")
    [[ -n $python ]] || continue
    missing=$(packages_missing_for "$python")
    if [[ -z $missing ]]; then
      printf '%s\n' "$python"
      return
    fi
    first=${first:-$python}
    lacks=${lacks:-$missing}
  done
  if [[ -n $first ]]; then
    die "this machine lacks what compiling message types with $first takes." \
      "sudo apt-get install ${lacks% }"
  fi
  die "the ROS 2 wheels are for Python 3.10 to 3.13; this is $(version_of "${PYTHON:-python3}")." \
    'Install one, for example: sudo apt-get install python3.12 python3.12-venv python3.12-dev' \
    'then run this again, or name one: PYTHON=/path/to/python3.12'
}

# Print what an interpreter calls itself.
version_of() {
  "$1" --version 2>&1 || printf 'no Python at all (%s)' "$1"
}
