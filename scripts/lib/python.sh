# Find a Python that the wheels fit, and say what a machine lacks. Sourced, never run.
# shellcheck shell=bash

# Print the real path of an interpreter when it is CPython 3.10 to 3.13, else nothing.
python_that_fits() {
  "$1" - 2> /dev/null << 'PYTHON'
import platform
import sys
if (3, 10) <= sys.version_info < (3, 14) and platform.python_implementation() == 'CPython':
    print(sys.executable)
PYTHON
}

# Succeed when an interpreter can make a virtual environment with pip in it.
python_has_venv() {
  "$1" -c 'import ensurepip, venv' 2> /dev/null
}

# Succeed when an interpreter's C headers are installed, as the interface packages need.
python_has_headers() {
  "$1" -c 'import sys, sysconfig, pathlib
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").is_file())' 2> /dev/null
}

# Print the interpreter to build with: $PYTHON, or the first that fits and lacks nothing.
find_python() {
  local candidate candidates python first=''
  read -r -a candidates <<< "${PYTHON:-python3 /usr/bin/python3 python3.13 python3.12 python3.11 python3.10}"
  for candidate in "${candidates[@]}"; do
    python=$(python_that_fits "$candidate") || continue
    [[ -n $python ]] || continue
    if python_has_venv "$python" && python_has_headers "$python"; then
      printf '%s\n' "$python"
      return
    fi
    first=${first:-$python}
  done
  explain_missing_python "$first"
}

# End with what is missing: parts of the interpreter given, or any interpreter that fits.
explain_missing_python() {
  local python=$1 package
  if [[ -z $python ]]; then
    die "no Python 3.10 to 3.13 here (${PYTHON:-python3} is $("${PYTHON:-python3}" --version 2>&1 || true))." \
      'Install one, for example: sudo apt-get install python3.12 python3.12-venv python3.12-dev' \
      'or name one: PYTHON=/path/to/python3.12'
  fi
  package=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  if ! python_has_venv "$python"; then
    die "$python cannot make virtual environments (no venv or ensurepip module)." \
      "sudo apt-get install $package-venv"
  fi
  die "$python comes without its C headers (Python.h), which the interface packages need." \
    "sudo apt-get install $package-dev"
}

require_compiler() {
  if ! command -v "${CXX:-c++}" > /dev/null; then
    die 'no C++ compiler here; the interface packages need one.' \
      'sudo apt-get install g++'
  fi
}
