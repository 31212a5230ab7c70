#!/bin/bash
# The real shop data, migrated and then injured: tests/shared/shop.sh SHARED_FOLDER
# Needs TWOFOLD and two databases: TWOFOLD_TEST_URL, TWOFOLD_TEST_URL_2.
exec python3 "$(dirname "$0")/shop.py" "$1/data/online_retail.csv.xz"
