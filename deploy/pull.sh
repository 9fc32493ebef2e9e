#!/bin/sh
# XINZHI_DATA is a clone of the repository of what people write: bring it up to date and, where it has changed since
# it was last published, check and publish it. What fails is tried again the next time.
set -eu
data=${XINZHI_DATA:?the folder that is a clone of what people write}
python=${PYTHON:-python3}
published=$data/state/pulled

git -C "$data" pull --quiet --ff-only
commit=$(git -C "$data" rev-parse HEAD)
[ "$commit" != "$(cat "$published" 2>/dev/null || true)" ] || exit 0
"$python" -m etl check
"$python" -m etl run --offline || [ $? -eq 1 ]  # 1: some indicators failed, the rest is published
mkdir -p "$data/state"
echo "$commit" > "$published"
echo "published $commit"
