# Sourced by scripts/quickstart and scripts/test: what they need from Debian main, and how it gets here.
# The network is asked for nothing when everything is installed already.

say() { printf '== %s\n' "$*" >&2; }
die() { printf '%s: error: %s\n' "${0##*/}" "$*" >&2; exit 1; }

on_debian_12() { (. /etc/os-release && [ "${VERSION_ID:-}" = 12 ]); }

# Debian 12's default Boost (1.74) is too old, but it has 1.81 beside it.
boost_package() { if on_debian_12; then echo libboost1.81-dev; else echo libboost-dev; fi; }

build_packages() {
  echo g++ cmake ninja-build pkg-config "$(boost_package)" libcli11-dev libhiredis-dev libtomlplusplus-dev \
    nlohmann-json3-dev libspdlog-dev libssl-dev liburing-dev zlib1g-dev prometheus-cpp-dev
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "packages are missing and this is neither root nor a user with sudo; as root: apt-get install$missing"
  fi
}

# install_packages PACKAGE...: installs those that are missing. Daemons among them are wanted for their programs
# only: none is started, and none that was not here before is left enabled for the next boot.
install_packages() {
  local missing='' package
  for package; do installed "$package" || missing="$missing $package"; done
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "no apt-get here; install by other means:$missing"
  say "installing:$missing"
  # shellcheck disable=SC2086 # a list of package names
  as_root bash -euc '
    services=
    for name in redis-server valkey-server nginx haproxy prometheus; do
      [ -e /etc/init.d/$name ] || [ -e /usr/lib/systemd/system/$name.service ] || services="$services $name"
    done
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap "rm -f $policy" EXIT
      trap "exit 130" HUP INT TERM
      printf "#!/bin/sh\nexit 101\n" >$policy
      chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" >/dev/null
    for name in $services; do
      if [ -e /etc/init.d/$name ] || [ -e /usr/lib/systemd/system/$name.service ]; then
        update-rc.d $name disable || echo "could not disable $name for the next boot" >&2
      fi
    done
  ' install_packages $missing || die "installing failed:$missing"
  for package; do installed "$package" || die "$package is still not installed"; done
}
