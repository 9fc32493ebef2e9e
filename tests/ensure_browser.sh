#!/bin/sh
# The tests open real pages: find a Chromium and Chinese fonts, install them where that is allowed,
# else say what to install.
found() { command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome; }
fonts() { command -v fc-list >/dev/null && fc-list :lang=zh | grep -q .; }

if found >/dev/null && fonts; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing chromium and Chinese fonts for the browser tests"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null
fi
if found >/dev/null; then exit 0; fi
echo "The browser tests need Chromium: install it (Debian: apt-get install chromium fonts-noto-cjk) or name it in CHROMIUM."
exit 1
