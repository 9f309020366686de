# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# SET_USERPASS: a user that isn't there yet. Its password is set afterwards, without a script.
#
# USERPW: "USER:PASSWORD", a variable of the shell only

user=${USERPW%%:*}
case $user in
'' | [!a-z_]* | *[!a-z0-9_.-]*) fail "no user can be called \"$user\": a small letter, then letters, digits and _ . -" ;;
esac

has_name() { cut -d: -f1 "$1" | grep -qxF "$user"; }

add_line()
{
	[ ! -f "$1" ] || has_name "$1" || { cat "$1" && echo "$2"; } | put "$1" 644
}

# The first number from 1000 on that neither a user nor a group has.
free_id()
{
	id=1000
	while cut -d: -f3 /etc/passwd /etc/group | grep -qx "$id"; do id=$((id + 1)); done
	echo "$id"
}

# Without a program for it: passwd(5), group(5), shadow(5).
make_user()
{
	id=$(free_id)
	add_line /etc/group "$user:x:$id:"
	add_line /etc/shadow "$user:!:19000:0:99999:7:::"
	mkdir -p "/home/$user"
	chmod 700 "/home/$user"
	chown "$id:$id" "/home/$user"
	# Last: from here on there is such a user.
	add_line /etc/passwd "$user:x:$id:$id::/home/$user:/bin/sh"
}

if has_name /etc/passwd; then
	:
elif command -v useradd >/dev/null; then
	useradd -m "$user"
elif command -v adduser >/dev/null; then
	adduser -D "$user"
else
	make_user
fi
