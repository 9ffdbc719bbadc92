# What every script shares: where the checkout is, and how to speak. Sourced, never run.
# shellcheck shell=bash

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)

# Show a line of progress. It goes to standard error: standard output is the job's own.
say() {
  printf '%s\n' "$*" >&2
}

# complain SENTENCE [HINT…]: show what went wrong, then the lines that mend it.
complain() {
  printf '%s: error: %s\n' "${0##*/}" "$1" >&2
  shift
  if (($#)); then
    printf '%s\n' "$@" | sed 's/^/  /' >&2
  fi
}

# End as failed; see complain.
die() {
  complain "$@"
  exit 1
}

# End as called wrongly; see complain.
die_of_usage() {
  complain "$@"
  exit 2
}

# show_help_if_asked "$@": print the help on standard input and end, if it is asked for first.
show_help_if_asked() {
  if [[ ${1-} == --help || ${1-} == -h ]]; then
    cat
    exit 0
  fi
}

# step TITLE COMMAND…: run the command, its output in $log_dir, and tell the seconds it took.
step() {
  local title=$1 started=$SECONDS log
  shift
  log=${log_dir:?}/${title//[^a-zA-Z0-9]/_}.log
  printf '  %-44s' "$title" >&2
  if "$@" > "$log" 2>&1 < /dev/null; then
    say "$((SECONDS - started)) s"
    return
  fi
  say 'failed'
  tail --lines=15 "$log" >&2
  return 1
}
