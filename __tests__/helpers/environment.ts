// What the programs that tests start find in their environment.

// Jest sets FORCE_COLOR in its workers wherever its own output is coloured; what a program prints is not to depend on
// where the tests run.
delete process.env.FORCE_COLOR;
delete process.env.NO_COLOR;

/** This process's, without the wishes for colour. */
export const ENVIRONMENT: NodeJS.ProcessEnv = { ...process.env };
// Of `npm run coverage`; Jest counts for the process of the tests itself.
const { ROGUE_BRIDGE_COVERAGE: coverage } = process.env;
if (coverage !== undefined) ENVIRONMENT.NODE_V8_COVERAGE = coverage;
