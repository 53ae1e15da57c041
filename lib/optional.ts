// Packages that only some of the library needs, loaded by those who need them.

import { GeneralError, systemCode } from './errors';

/**
 * Loads a package that may not be installed.
 * @param load calls `require`.
 * @param user what needs it, for the error.
 * @throws {GeneralError} `ERR_MISSING_PACKAGE`
 */
export function optional<T>(name: string, user: string, load: () => T): T {
  try {
    return load();
  } catch (err) {
    if (systemCode(err) !== 'MODULE_NOT_FOUND') throw err;
    throw new GeneralError(
      'ERR_MISSING_PACKAGE',
      `${user} needs the optional package '${name}', which is not installed: npm install ${name}`,
      { cause: err },
    );
  }
}
