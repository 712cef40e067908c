"""Times DuckDB reading three columns of a log with read_json, on two threads: `duckdb_columns.py LOG`."""

import sys
import time

import duckdb

COLUMNS = "columns = {globalPosition: 'BIGINT', streamId: 'VARCHAR', eventType: 'VARCHAR'}"
QUERIES = {
    "read into a table": "create or replace table t as select globalPosition, streamId, eventType from read_json('{log}', format = 'newline_delimited')",
    "only looked at (max of each), types detected": "select max(globalPosition), max(streamId), max(eventType) from read_json('{log}', format = 'newline_delimited')",
    "only looked at (max of each), types given": "select max(globalPosition), max(streamId), max(eventType) from read_json('{log}', format = 'newline_delimited', {columns})",
}

connection = duckdb.connect()
connection.execute("set threads = 2")
for what, query in QUERIES.items():
    times = []
    for _ in range(5):
        began = time.perf_counter()
        connection.execute(query.replace("{log}", sys.argv[1]).replace("{columns}", COLUMNS)).fetchall()
        times.append(time.perf_counter() - began)
    print(f"{min(times) * 1000:7.0f} ms   DuckDB {duckdb.__version__}, three columns {what}")
