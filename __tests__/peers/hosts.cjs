// For `node --require`: gives names the addresses that ROGUE_BRIDGE_HOSTS lists, in that order, as a hosts file with
// both families of a name does; {"localhost": ["::1", "127.0.0.1"]}. For Node's own look-ups alone, not for libzmq's.

const dns = require('node:dns');

const hosts = JSON.parse(process.env.ROGUE_BRIDGE_HOSTS ?? '{}');
const { lookup } = dns;

dns.lookup = (host, options, done) => {
  const found = hosts[host]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  if (found === undefined) lookup(host, options, done);
  else if (options.all) process.nextTick(done, null, found);
  else process.nextTick(done, null, found[0].address, found[0].family);
};
