// What makeWASocket lays over the keys of a state, as Baileys' README tells applications to use it.
import { addTransactionCapability, makeCacheableSignalKeyStore } from '@whiskeysockets/baileys'

const silent = () => {}
export const logger = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }

/** One attempt: a failure of the store must be seen, not hidden by another try of Baileys. */
const ATTEMPTS = { maxCommitRetries: 1, delayBetweenTriesMs: 0 }

/** Return keys with Baileys' cache and its transactions. */
export function socketKeys(keys) {
  return addTransactionCapability(makeCacheableSignalKeyStore(keys, logger), logger, ATTEMPTS)
}
