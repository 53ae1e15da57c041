// What the programs that tests start find in their environment.

/**
 * This process's, without the wishes for colour: Jest sets FORCE_COLOR in its workers wherever its own output is
 * coloured, and what a program prints is not to depend on where the tests run.
 */
export const ENVIRONMENT: NodeJS.ProcessEnv = { ...process.env };
delete ENVIRONMENT.FORCE_COLOR;
delete ENVIRONMENT.NO_COLOR;
// Of `npm run coverage`; Jest counts for the process of the tests itself.
const { ROGUE_BRIDGE_COVERAGE: coverage } = process.env;
if (coverage !== undefined) ENVIRONMENT.NODE_V8_COVERAGE = coverage;
