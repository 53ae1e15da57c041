// For `node --require`: gives names the addresses that ROGUE_BRIDGE_HOSTS lists, in that order, as a hosts file with
// both families of a name does; {"localhost": ["::1", "127.0.0.1"]}.

const dns = require('node:dns/promises');

const hosts = JSON.parse(process.env.ROGUE_BRIDGE_HOSTS ?? '{}');
const { lookup } = dns;

dns.lookup = (host, options) => {
  const found = hosts[host]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return found === undefined ? lookup(host, options) : Promise.resolve(found);
};
