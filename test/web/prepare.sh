#!/bin/bash
# Makes the shop of the web tests in database reco_web, which has the extension; called by groups.sh and by hand.
set -eu
cgi=${RECO_WEB_CGI:-web/reco.cgi}
psql -X -q -v ON_ERROR_STOP=1 -d reco_web -f "$(dirname "$0")/setup.sql" \
	-v owner_hash="$(echo 'secret of owner' | "$cgi" hash)" -v cashier_hash="$(echo 'secret of cashier' | "$cgi" hash)"
