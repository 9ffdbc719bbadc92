# Do a step only when what it is made from has changed. Sourced, never run.
# shellcheck shell=bash

# Print one hash over what stands on standard input.
hash_of_input() {
  sha256sum | cut --delimiter=' ' --fields=1
}

# Print one hash over the names and contents of files and folders of the checkout.
hash_of() {
  (cd "$root" && find "$@" -type f -exec sha256sum {} + | LC_ALL=C sort) | hash_of_input
}

# Print one hash over the names of the files in folders of the checkout.
hash_of_names() {
  (cd "$root" && find "$@" -type f -not -name '*.pyc' | LC_ALL=C sort) | hash_of_input
}

# stamped NAME KEY COMMAND…: run the command, unless it last ended well with the same key.
stamped() {
  local stamp=$prefix/stamps/$1 key=$2
  shift 2
  if [[ -f $stamp && $(< "$stamp") == "$key" ]]; then
    return
  fi
  rm -f "$stamp"
  "$@"
  mkdir -p "$prefix/stamps"
  printf '%s' "$key" > "$stamp"
}
