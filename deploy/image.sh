#!/bin/sh
# Builds the image without a daemon and without a registry: `image.sh [LOCK] [TAG]`. The base is BASE, or else a Debian
# made here of its packages; a company's certificates and pip.conf are those of this machine.
set -eu
cd "$(dirname "$0")/.."
lock=${1:-requirements-image.lock} tag=${2:-xinzhi:latest}
PATH="$PATH:/usr/sbin"
for tool in buildah mmdebstrap; do
  command -v $tool >/dev/null || { echo "image.sh: $tool is not installed (Debian: apt-get install $tool)" >&2; exit 2; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

base=${BASE:-localhost/xinzhi-base}
if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
  [ -z "${BASE:-}" ] || { echo "image.sh: there is no image $base here" >&2; exit 2; }
  mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$work/base.tar"
  printf 'FROM scratch\nADD base.tar /\n' > "$work/Dockerfile"
  buildah bud --quiet --format docker --isolation chroot --tag "$base" "$work" >/dev/null
fi

# pip asks where the file in PIP_CONFIG_FILE says, if there is one, and trusts what this machine trusts.
ca=$(python3 -c 'import ssl; print(ssl.get_default_verify_paths().cafile or "")')
[ -n "$ca" ] || ca=/etc/ssl/certs/ca-certificates.crt
[ -z "${PIP_CONFIG_FILE:-}" ] || grep -v '^ *cert *=' "$PIP_CONFIG_FILE" > "$work/pip.conf"
printf '\n[install]\ncert = /run/secrets/ca\n' >> "$work/pip.conf"

revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
buildah bud --quiet --layers --format docker --isolation chroot --file deploy/Dockerfile --tag "$tag" \
  --build-arg BASE="$base" --build-arg LOCK="$lock" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
  --secret id=pip,src="$work/pip.conf" --secret id=ca,src="$ca" .
