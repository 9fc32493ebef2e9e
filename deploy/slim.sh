#!/bin/sh
# For deploy/Dockerfile: takes away what the program does not use.
#   slim.sh packages FOLDER    of the packages of the lock file
#   slim.sh system             of the system
set -eu

packages() {
  cd "$1"
  # Tests, stubs of types, sources of what is compiled, maps of scripts.
  find . -depth -type d \( -name tests -o -name testing -path './dash/*' -o -name include -o -name __pycache__ \) \
    -exec rm -rf {} +
  find . -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.[cha]' -o -name '*.map' \) -delete
  rm -rf bin share setuptools setuptools-* pkg_resources _distutils_hack distutils-precedence.pth
  # Charts are written as data and drawn by the script of the program: of plotly only what Dash imports.
  rm -rf plotly/labextension plotly/package_data plotly/matplotlylib plotly/express plotly/figure_factory plotly/data
  find plotly/graph_objs -mindepth 1 -maxdepth 1 -type d ! -name layout -exec rm -rf {} +
  rm -rf dash/labextension dash/nbextension dash/dash_table/commons.js dash/dash_table/demo.js dash/dash_table/*_test.*.js
  find dash/deps -name 'react*.js' ! -name '*.min.js' -delete
  # Symbols. Libraries that a wheel brought along have been patched, and do not bear it.
  find . -name '*.so*' -type f ! -path './*.libs/*' -exec strip --strip-unneeded {} +
  # Compiled modules alone: half the size of both, and nothing to write where nothing can be written.
  python3 -m compileall -q -b --invalidation-mode unchecked-hash "$1" || true
  find . -name '*.py' -type f | while read -r source; do [ ! -f "${source}c" ] || rm "$source"; done
}

system() {
  # What installs is gone: the image is built anew, not mended. The list of packages stays, for who looks for flaws.
  rm -rf /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian /usr/share/bash-completion \
    /usr/share/zoneinfo /usr/share/perl* /usr/lib/*-linux-gnu/perl* /usr/lib/*-linux-gnu/gconv /usr/lib/apt \
    /usr/lib/dpkg /var/lib/dpkg/info /var/lib/apt /var/cache/* /var/log/* /usr/lib/python3/dist-packages \
    /usr/lib/python3*/ensurepip /usr/lib/python3*/lib2to3 /usr/lib/python3*/distutils /usr/lib/python3*/pydoc_data
  rm -f /usr/bin/apt* /usr/bin/dpkg* /usr/bin/perl* /usr/bin/gpgv /usr/bin/openssl /usr/bin/tini-static \
    /usr/lib/*-linux-gnu/libapt-*
  rm -f /usr/sbin/*fs* /usr/sbin/user* /usr/sbin/group* /usr/sbin/useradd /usr/sbin/debugfs
  find / -xdev -perm /6000 -type f -exec rm -f {} +  # nobody becomes anybody else
  find /usr/lib/python3* -depth -name __pycache__ -type d -exec rm -rf {} +
  python3 -m compileall -q --invalidation-mode unchecked-hash /usr/lib/python3*
  install -d -o 10001 -g 10001 /data
}

"$@"
