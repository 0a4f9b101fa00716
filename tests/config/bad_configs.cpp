#include "tests/config/bad_configs.hpp"

namespace iris::test {

namespace {

const bad_config all[] = {
  // Unknown keys.
  {"a misspelt option", "limits.mailbx = 5\n",
   "f:1:8: limits.mailbx: found an unknown key, expected one of connections, "
   "connections_per_user, connections_per_ip, output_bytes, "
   "handshake_timeout, idle_timeout, sends_per_second, devices_per_user, "
   "group_members, mailbox; did you mean limits.mailbox?\n"},
  {"a misspelt option in a table of one", "[listen.tcp]\n  adress = 'a:1'\n",
   "f:2:3: listen.tcp.adress: found an unknown key, expected address; did you "
   "mean listen.tcp.address?\n"},
  {"a misspelt option in an inline table", "node = { id = 1, nam = 'x' }\n",
   "f:1:18: node.nam: found an unknown key, expected one of name, id, "
   "data_dir, shards, threads, drain_timeout; did you mean node.name?\n"},
  {"a misspelt section", "[log]\n\n[limit]\nmailbox = 5\n",
   "f:3:2: limit: found an unknown key, expected one of node, cluster, listen, "
   "tls, auth, storage, limits, retention, admin, log; did you mean limits?\n"},
  {"a misspelt inner section", "[listen.tpc]\naddress = 'localhost:1'\n",
   "f:1:9: listen.tpc: found an unknown key, expected one of tcp, tls, ws, "
   "wss, urls, insecure; did you mean listen.tcp?\n"},
  {"an option without its section", "data_dir = '/data'\n",
   "f:1:1: data_dir: found an unknown key, expected one of node, cluster, "
   "listen, tls, auth, storage, limits, retention, admin, log; did you mean "
   "node.data_dir?\n"},
  {"an option in another section", "[admin]\nlevel = 'info'\n",
   "f:2:1: admin.level: found an unknown key, expected address; did you mean "
   "log.level?\n"},
  {"an option cut short", "tls.cert = 'a'\n",
   "f:1:5: tls.cert: found an unknown key, expected one of certificate, key, "
   "generate, names; did you mean tls.certificate?\n"},
  {"an option in capitals", "Node.id = 1\n",
   "f:1:1: Node: found an unknown key, expected one of node, cluster, listen, "
   "tls, auth, storage, limits, retention, admin, log; did you mean node?\n"},
  {"an option like no other", "storage.log_sync = false\n",
   "f:1:9: storage.log_sync: found an unknown key, expected one of reserve, "
   "cache\n"},
  {"a dotted name in quotes", "'node.id' = 1\n",
   "f:1:1: \"node.id\": found an unknown key, expected one of node, cluster, "
   "listen, tls, auth, storage, limits, retention, admin, log\n"},
  {"a key below an option", "[auth.key]\nfile = 'x'\n",
   "f:1:1: auth.key: found a table, expected \"\" (signing-key.json in "
   "node.data_dir), or a path\n"},
  // Sections.
  {"a section that is a value", "node = 5\n",
   "f:1:8: node: found 5, expected a table with one of name, id, data_dir, "
   "shards, threads, drain_timeout\n"},
  {"a listener that is an address", "listen.tcp = 'localhost:1'\n",
   "f:1:14: listen.tcp: found \"localhost:1\", expected a table with "
   "address\n"},
  {"a section that is an array", "[[admin]]\naddress = 'localhost:1'\n",
   "f:1:1: admin: found an array of tables, expected a table with "
   "address\n"},
  // Integers.
  {"an integer below its range", "node.id = 0\n",
   "f:1:11: node.id: found 0, expected a whole number from 1 to "
   "4294967295\n"},
  {"an integer above its range", "node.shards = 1025\n",
   "f:1:15: node.shards: found 1025, expected a whole number of shards from 1 "
   "to 1024\n"},
  {"a group whose members no frame could list", "limits.group_members = 1001\n",
   "f:1:24: limits.group_members: found 1001, expected a whole number of "
   "members from 2 to 1000\n"},
  {"an integer beyond 32 bits", "node.id = 4294967297\n",
   "f:1:11: node.id: found 4294967297, expected a whole number from 1 to "
   "4294967295\n"},
  {"a negative integer where 0 is special", "node.threads = -1\n",
   "f:1:16: node.threads: found -1, expected 0 (as many as there are cores), "
   "or a whole number of threads from 1 to 256\n"},
  {"an integer in quotes", "node.threads = '4'\n",
   "f:1:16: node.threads: found \"4\", expected 0 (as many as there are "
   "cores), or a whole number of threads from 1 to 256\n"},
  {"an integer with a fraction", "node.shards = 16.0\n",
   "f:1:15: node.shards: found 16.0, expected a whole number of shards from 1 "
   "to 1024\n"},
  {"an integer that is true", "limits.devices_per_user = true\n",
   "f:1:27: limits.devices_per_user: found true, expected a whole number of "
   "devices from 1 to 64\n"},
  {"an integer that is a date", "node.id = 2020-01-01\n",
   "f:1:11: node.id: found a date, expected a whole number from 1 to "
   "4294967295\n"},
  // Durations.
  {"a duration without a unit", "limits.idle_timeout = 60\n",
   "f:1:23: limits.idle_timeout: found 60, expected a duration from \"10s\" to "
   "\"10m\"\n"},
  {"a duration with an unknown unit", "limits.idle_timeout = '1 minute'\n",
   "f:1:23: limits.idle_timeout: found \"1 minute\", expected a duration from "
   "\"10s\" to \"10m\"\n"},
  {"a duration below its range", "limits.idle_timeout = '9999ms'\n",
   "f:1:23: limits.idle_timeout: found \"9999ms\", expected a duration from "
   "\"10s\" to \"10m\"\n"},
  {"a duration above its range", "auth.token_lifetime = '25h'\n",
   "f:1:23: auth.token_lifetime: found \"25h\", expected a duration from "
   "\"1m\" to \"1d\"\n"},
  {"a duration between 0 and its range", "retention.messages = '1s'\n",
   "f:1:22: retention.messages: found \"1s\", expected \"0s\" (for ever), or a "
   "duration from \"1h\" to \"3650d\"\n"},
  {"a duration that is 0 where it can't be", "retention.idempotency = '0s'\n",
   "f:1:25: retention.idempotency: found \"0s\", expected a duration from "
   "\"1h\" to \"30d\"\n"},
  {"a duration that is a time of day", "retention.sweep = 00:10:00\n",
   "f:1:19: retention.sweep: found a time, expected a duration from \"1s\" to "
   "\"1d\"\n"},
  // Sizes.
  {"a size without a unit", "storage.cache = 1048576\n",
   "f:1:17: storage.cache: found 1048576, expected a size from \"1 MiB\" to "
   "\"1 TiB\", in B, KiB, MiB, GiB or TiB\n"},
  {"a size in powers of ten", "storage.cache = '64 MB'\n",
   "f:1:17: storage.cache: found \"64 MB\", expected a size from \"1 MiB\" to "
   "\"1 TiB\", in B, KiB, MiB, GiB or TiB\n"},
  {"a size above its range", "storage.reserve = '2000 TiB'\n",
   "f:1:19: storage.reserve: found \"2000 TiB\", expected a size from \"0 B\" "
   "to \"1024 TiB\", in B, KiB, MiB, GiB or TiB\n"},
  {"a size below its range", "limits.output_bytes = '64 KiB'\n",
   "f:1:23: limits.output_bytes: found \"64 KiB\", expected a size from "
   "\"128 KiB\" to \"64 MiB\", in B, KiB, MiB, GiB or TiB\n"},
  // Text, paths, addresses, choices, lists.
  {"a name with a space", "node.name = 'my cluster'\n",
   "f:1:13: node.name: found \"my cluster\", expected 1 to 64 of the "
   "characters A-Z a-z 0-9 . _ - @ +\n"},
  {"a name over several lines", "\nnode.name = \"\"\"a\nb\"\"\"\n",
   "f:2:13: node.name: found \"a\\nb\", expected 1 to 64 of the characters A-Z "
   "a-z 0-9 . _ - @ +\n"},
  {"a name that is too long",
   "node.name = "
   "'0123456789012345678901234567890123456789012345678901234567890123456789'\n",
   "f:1:13: node.name: found "
   "\"012345678901234567890123456789012345678901234567890123456789…\", "
   "expected 1 to 64 of the characters A-Z a-z 0-9 . _ - @ +\n"},
  {"a path that must not be empty", "node.data_dir = ''\n",
   "f:1:17: node.data_dir: found \"\", expected a path\n"},
  {"a path with a NUL", "auth.key = \"a\\u0000b\"\n",
   "f:1:12: auth.key: found \"a\\u0000b\", expected \"\" (signing-key.json in "
   "node.data_dir), or a path\n"},
  {"an address without a port", "listen.tcp.address = '127.0.0.1'\n",
   "f:1:22: listen.tcp.address: found \"127.0.0.1\", expected \"\" (off), or "
   "\"host:port\" with a port from 0 to 65535\n"},
  {"an address that is a port", "admin.address = 7380\n",
   "f:1:17: admin.address: found 7380, expected \"\" (off), or "
   "\"host:port\" with a port from 0 to 65535\n"},
  {"an address with a port beyond 16 bits", "admin.address = '[::1]:65536'\n",
   "f:1:17: admin.address: found \"[::1]:65536\", expected \"\" (off), or "
   "\"host:port\" with a port from 0 to 65535\n"},
  {"a flag in quotes", "listen.insecure = 'true'\n",
   "f:1:19: listen.insecure: found \"true\", expected true or false\n"},
  {"a choice that isn't one", "log.level = 'verbose'\n",
   "f:1:13: log.level: found \"verbose\", expected \"debug\", "
   "\"info\", \"warn\" or \"error\"\n"},
  {"a choice in capitals", "log.format = 'JSON'\n",
   "f:1:14: log.format: found \"JSON\", expected \"text\" or \"json\"\n"},
  {"a list that is a string", "tls.names = 'localhost'\n",
   "f:1:13: tls.names: found \"localhost\", expected a list of 1 to 64 host "
   "names or IP addresses\n"},
  {"a list that is empty", "tls.names = []\n",
   "f:1:13: tls.names: found an empty list, expected a list of 1 to 64 host "
   "names or IP addresses\n"},
  {"a list with a wrong element", "tls.names = [\n  'a',\n  'b c',\n]\n",
   "f:3:3: tls.names: found \"b c\", expected a list of 1 to 64 host names or "
   "IP addresses\n"},
  {"a list in a list", "tls.names = ['a', ['b']]\n",
   "f:1:19: tls.names: found a list, expected a list of 1 to 64 host names or "
   "IP addresses\n"},
  // Not TOML at all.
  {"a key without a value", "node.id =\n",
   "f:1:10: found invalid TOML (Error while parsing key-value pair: "
   "expected value, saw '\\n'), expected TOML 1.0 (strings in quotes)\n"},
  {"a string without quotes", "[log]\nlevel = info\n",
   "f:2:12: found invalid TOML (Error while parsing floating-point: expected "
   "value-terminator, saw 'o'), expected TOML 1.0 (strings in quotes)\n"},
  {"a key given twice", "[node]\nid = 1\nid = 2\n",
   "f:3:6: found invalid TOML (Error while parsing key-value pair: cannot "
   "redefine existing integer 'id'), expected each key and each table once\n"},
  {"a table given twice", "[log]\n[node]\n[log]\n",
   "f:3:1: found invalid TOML (Error while parsing table header: cannot "
   "redefine existing table 'log'), expected each key and each table once\n"},
  {"bytes that are not UTF-8", "# caf\xe9\n",
   "f:1:5: found invalid TOML (Encountered invalid utf-8 sequence), expected "
   "TOML 1.0 (strings in quotes)\n"},
  // What must hold between options.
  {"plain TCP beyond loopback", "listen.tcp.address = '0.0.0.0:7300'\n",
   "f:1:22: listen.tcp.address: found \"0.0.0.0:7300\", expected a loopback "
   "address without TLS, or listen.insecure = true\n"},
  {"plain WebSocket and administration beyond loopback",
   "[admin]\naddress = 'example.org:1'\n[listen]\nws.address = '[::]:2'\n",
   "f:2:11: admin.address: found \"example.org:1\", expected a loopback "
   "address "
   "without TLS, or listen.insecure = true\n"
   "f:4:14: listen.ws.address: found \"[::]:2\", expected a loopback address "
   "without TLS, or listen.insecure = true\n"},
  {"TLS without a certificate",
   "[listen]\ntls.address = '[::]:7301'\nwss.address = '[::]:7303'\n",
   "f:2:15: listen.tls.address: found \"[::]:7301\" without a certificate, "
   "expected tls.certificate and tls.key, or tls.generate = true\n"
   "f:3:15: listen.wss.address: found \"[::]:7303\" without a certificate, "
   "expected tls.certificate and tls.key, or tls.generate = true\n"},
  {"a certificate without a key", "tls.certificate = 'a.pem'\n",
   "f:1:19: tls.key: found \"\", expected the key of tls.certificate\n"},
  {"a key without a certificate", "tls.certificate = ''\ntls.key = 'a.pem'\n",
   "f:1:19: tls.certificate: found \"\", expected the certificate of "
   "tls.key\n"},
  {"a certificate both given and generated",
   "[tls]\ngenerate = true\ncertificate = 'a'\nkey = 'b'\n",
   "f:2:12: tls.generate: found true, expected false, or neither "
   "tls.certificate nor tls.key\n"},
  {"two listeners on one address",
   "listen.ws.address = 'localhost:7300'\n"
   "listen.tcp.address = 'localhost:7300'\n",
   "f:1:21: listen.ws.address: found \"localhost:7300\", expected another "
   "address than that of listen.tcp.address\n"},
  {"a listener on the default address of another",
   "listen.tcp.address = '127.0.0.1:7380'\n",
   "f:1:22: admin.address: found \"127.0.0.1:7380\", expected another address "
   "than that of listen.tcp.address\n"},
  {"an open address beside others that are wrong by themselves",
   "listen.tcp.address = '7300'\nlisten.ws.address = 1\n"
   "admin.address = '0.0.0.0:7380'\n",
   "f:1:22: listen.tcp.address: found \"7300\", expected \"\" (off), or "
   "\"host:port\" with a port from 0 to 65535\n"
   "f:2:21: listen.ws.address: found 1, expected \"\" (off), or "
   "\"host:port\" with a port from 0 to 65535\n"
   "f:3:17: admin.address: found \"0.0.0.0:7380\", expected a loopback "
   "address without TLS, or listen.insecure = true\n"},
  {"an open address where nobody knows whether it may be",
   "listen.insecure = 'yes'\nadmin.address = '0.0.0.0:7380'\n",
   "f:1:19: listen.insecure: found \"yes\", expected true or false\n"},
  {"a listener whose certificate is wrong by itself",
   "listen.tls.address = '[::]:7301'\ntls.certificate = 1\n"
   "tls.key = 'a.pem'\n",
   "f:2:19: tls.certificate: found 1, expected \"\" (none), or a path\n"},
  {"a listener on the address of one that is wrong",
   "listen.tcp.address = 'x'\nlisten.ws.address = '127.0.0.1:7300'\n"
   "listen.wss.address = '127.0.0.1:7380'\ntls.generate = true\n",
   "f:1:22: listen.tcp.address: found \"x\", expected \"\" (off), or "
   "\"host:port\" with a port from 0 to 65535\n"
   "f:3:22: admin.address: found \"127.0.0.1:7380\", expected another address "
   "than that of listen.wss.address\n"},
  {"a cluster without certificates",
   "[cluster]\naddress = '0.0.0.0:7400'\nnodes = ['1=a:7400']\n",
   "f:2:11: cluster.ca: found \"\", expected a file, for nodes never speak to "
   "each other without certificates: iris cert --help\n"},
  {"a cluster without a node's certificate",
   "[cluster]\naddress = '0.0.0.0:7400'\nnodes = ['1=a:7400']\nca = 'ca.pem'\n",
   "f:2:11: cluster.certificate: found \"\", expected a file, for nodes never "
   "speak to each other without certificates: iris cert --help\n"},
  {"a cluster that nobody founds",
   "[cluster]\naddress = '0.0.0.0:7400'\nca = 'a'\ncertificate = 'b'\n",
   "f:2:11: cluster.nodes: found [], expected the nodes that found the "
   "cluster\n"},
  {"nodes that nobody can connect to",
   "cluster.nodes = ['1=a:7400', '2=b:7400']\n",
   "f:1:17: cluster.address: found \"\", expected the address where the nodes "
   "of cluster.nodes connect\n"},
  {"two nodes with one number",
   "[cluster]\naddress = '0.0.0.0:7400'\nca = 'a'\ncertificate = 'b'\n"
   "nodes = ['1=a:7400', '2=b:7400', '1=c:7400']\n",
   "f:5:9: cluster.nodes: found \"1=c:7400\", expected each number and each "
   "address once\n"},
  {"two nodes at one address",
   "[cluster]\naddress = '0.0.0.0:7400'\nca = 'a'\ncertificate = 'b'\n"
   "nodes = ['1=a:7400', '2=a:7400']\n",
   "f:5:9: cluster.nodes: found \"2=a:7400\", expected each number and each "
   "address once\n"},
  {"a node that is only an address", "cluster.nodes = ['a:7400']\n",
   "f:1:18: cluster.nodes: found \"a:7400\", expected a list of 0 to 64 nodes, "
   "each \"ID=HOST:PORT\" as the others reach it\n"},
  {"a place for clients that is no URL",
   "listen.urls = ['tls://a:7301', '0.0.0.0:7301']\n",
   "f:1:32: listen.urls: found \"0.0.0.0:7301\", expected a list of 0 to 4 "
   "URLs of at most 255 bytes, each \"tls://HOST:PORT\" or the same with wss, "
   "tcp or ws, with a host and a port that a client can connect to\n"},
  {"a place for clients of a kind that the node does not listen for",
   "listen.urls = ['tcp://a:7300', 'wss://a:7303']\n",
   "f:1:15: listen.urls: found \"wss://a:7303\", expected URLs of a kind that "
   "this node listens for: listen.wss.address, or listen.ws.address\n"},
  {"the same without WebSocket",
   "[listen]\nurls = ['tls://a:7301']\ntcp.address = ''\n"
   "ws.address = '127.0.0.1:7302'\n",
   "f:2:8: listen.urls: found \"tls://a:7301\", expected URLs of a kind that "
   "this node listens for: listen.tls.address, or listen.tcp.address\n"},
  {"nodes and clients at one port",
   "[cluster]\naddress = '0.0.0.0:7300'\nca = 'a'\ncertificate = 'b'\n"
   "nodes = ['1=a:7300']\n",
   "f:2:11: cluster.address: found \"0.0.0.0:7300\", expected another address "
   "than that of listen.tcp.address\n"},
  // Variables.
  {"a variable out of range",
   "",
   "IRIS_NODE_ID: node.id: found 0, expected a whole number from 1 to "
   "4294967295\n",
   {{"IRIS_NODE_ID", "0"}}},
  {"a variable of another type",
   "",
   "IRIS_NODE_ID: node.id: found \"1x\", expected a whole number from 1 to "
   "4294967295\n"
   "IRIS_LISTEN_INSECURE: listen.insecure: found \"yes\", expected true or "
   "false\n",
   {{"IRIS_LISTEN_INSECURE", "yes"}, {"IRIS_NODE_ID", "1x"}}},
  {"a variable with a hole in its list",
   "",
   "IRIS_TLS_NAMES: tls.names: found \"\", expected a list of 1 to 64 host "
   "names or IP addresses\n",
   {{"IRIS_TLS_NAMES", "a,,b"}}},
  {"a variable that is not UTF-8",
   "",
   "IRIS_AUTH_KEY: auth.key: found text that is not UTF-8, expected \"\" "
   "(signing-key.json in node.data_dir), or a path\n",
   {{"IRIS_AUTH_KEY", "caf\xe9"}}},
  {"a variable that breaks a rule",
   "[listen]\ninsecure = false\n",
   "IRIS_LISTEN_TCP_ADDRESS: listen.tcp.address: found \"0.0.0.0:1\", expected "
   "a loopback address without TLS, or listen.insecure = true\n",
   {{"IRIS_LISTEN_TCP_ADDRESS", "0.0.0.0:1"}}},
  {"a misspelt variable",
   "",
   "IRIS_LISTEN_TCP_ADRESS: found a variable that is no option, expected a "
   "name from the documentation; did you mean IRIS_LISTEN_TCP_ADDRESS?\n",
   {{"IRIS_LISTEN_TCP_ADRESS", "0.0.0.0:1"}}},
  {"a file that is wrong where a variable is right",
   "node.id = 0\n",
   "f:1:11: node.id: found 0, expected a whole number from 1 to "
   "4294967295\n",
   {{"IRIS_NODE_ID", "2"}}},
  // All at once, in the order of the file.
  {"everything wrong at once",
   "log.level = 'loud'\n[node]\nid = 'one'\nshard = 3\n[listen.tcp]\n"
   "address = '0.0.0.0:1'\n",
   "f:1:13: log.level: found \"loud\", expected \"debug\", "
   "\"info\", "
   "\"warn\" or \"error\"\n"
   "f:3:6: node.id: found \"one\", expected a whole number from 1 to "
   "4294967295\n"
   "f:4:1: node.shard: found an unknown key, expected one of name, id, "
   "data_dir, shards, threads, drain_timeout; did you mean node.shards?\n"
   "f:6:11: listen.tcp.address: found \"0.0.0.0:1\", expected a loopback "
   "address without TLS, or listen.insecure = true\n"
   "IRIS_NODE_THREADS: node.threads: found \"many\", expected 0 (as many as "
   "there are cores), or a whole number of threads from 1 to 256\n",
   {{"IRIS_NODE_THREADS", "many"}}},
};

} // namespace

std::span<const bad_config> bad_configs() {
  return all;
}

} // namespace iris::test
