#!/bin/sh
# Tests of several machines run real servers on loopback: install them where that is allowed, else
# say which tests are skipped.
PATH="$PATH:/usr/sbin"
missing=""
command -v nginx >/dev/null || missing="$missing nginx-light"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
command -v promtool >/dev/null || missing="$missing prometheus"
command -v faketime >/dev/null || missing="$missing faketime"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing$missing for the tests of several machines"
  export DEBIAN_FRONTEND=noninteractive
  # Nothing may start by itself on the machine that runs the tests.
  policy=/usr/sbin/policy-rc.d
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && ours=1; }
  apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null
  [ -z "${ours:-}" ] || rm -f "$policy"
else
  echo "Tests that need$missing are skipped: install it to run them."
fi
exit 0
