#!/bin/sh
# The application: 200 transactions, nine orders to one refund. `shop.sh order refund` names the statements of a release.
# Silent while all goes well.
cd "$(dirname "$0")"
said=$(pgbench --no-vacuum --transactions=200 --random-seed=7 -f "$1.sql@9" -f "$2.sql@1" "$SHOP_URL" 2>&1) || echo "$said"
