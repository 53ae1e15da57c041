// Packages that only some of the library needs, loaded when it does.

import { systemCode } from './errors';

/**
 * Loads a package that may not be installed.
 * @param load calls `require`.
 * @param user what needs it, for the error.
 * @throws {Error} that says how to install it.
 */
export function optional<T>(name: string, user: string, load: () => T): T {
  try {
    return load();
  } catch (err) {
    if (systemCode(err) !== 'MODULE_NOT_FOUND') throw err;
    throw new Error(`${user} needs the package ${name}, which is not installed: npm install ${name}`, {
      cause: err,
    });
  }
}
