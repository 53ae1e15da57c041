// The mode of the pool of payload memory that these tests run in.

/** For tests of when memory is used again, which in check mode is later. */
export const testReuse = process.env.ROGUE_BRIDGE_POOL === 'check' ? test.skip : test;
