//! Every directive of redis.conf as one table row: type, range, default, parsing, rewriting.
