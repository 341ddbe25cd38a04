//! The text of `--help`.

pub const TEXT: &str = "\
Usage: spinel [/path/to/redis.conf] [options] [-]
       spinel - (read config from stdin)
       spinel -v or --version
       spinel -h or --help
       spinel --check-system

Every directive of redis.conf is an option too: two dashes, its name, its values.

Examples:
       spinel (run the server with default conf)
       echo 'maxmemory 128mb' | spinel -
       spinel /etc/redis/6379.conf
       spinel --port 7777
       spinel --port 7777 --save 60 1000 --loglevel verbose
       spinel /etc/myredis.conf --loglevel verbose -
";
