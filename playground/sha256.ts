/** SHA-256 as Node gives it: pages without HTTPS have no Web Crypto, and checkpoints need it at once. */
import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** The hexadecimal digest of all parts, one after the other; strings as UTF-8. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = digest.create();
  for (const part of parts) hash.update(typeof part === 'string' ? utf8ToBytes(part) : part);
  return bytesToHex(hash.digest());
}
