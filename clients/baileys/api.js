// Asking the API: what passes by itself is asked again, a swap is waited out, errors are thrown.
import { setTimeout as pause } from 'node:timers/promises'

const PAUSES_MS = [100, 200, 400]
const SWAP_POLL_MS = 100
/** Changeover's fence: writes are closed for a swap, and the refused one has not happened. */
const PAUSED = 'P0004'
const TRANSIENT = /^(08...|57P0[1-3]|40001|40P01|53300|PGRST00[0-3])$/
const UNAVAILABLE = new Set([0, 502, 503, 504])

/** What the API or the network answered. It holds no value of a cell. */
export class AuthStateError extends Error {
  /**
   * @param {string} what What was to be done.
   * @param {{ code?: string }} error
   * @param {number} status Of HTTP; 0 if there was no answer.
   */
  constructor(what, error, status) {
    super(`${what}: ${error.code || 'no code'} (HTTP ${status || 'without answer'})`)
    this.name = 'AuthStateError'
    /** A SQLSTATE, or one of PostgREST's codes; empty where there was no answer. */
    this.code = error.code ?? ''
    this.status = status
  }

  /** Writes are closed for a swap; nothing was written. */
  get isPaused() {
    return this.code === PAUSED
  }

  /** The same once more may succeed. */
  get isTransient() {
    return TRANSIENT.test(this.code) || UNAVAILABLE.has(this.status)
  }
}

/**
 * Ask once.
 *
 * @param {string} what What is done, for the error.
 * @param {any} request A request that supabase-js has built.
 * @returns {Promise<{ data: any, count: number | null }>}
 * @throws {AuthStateError}
 */
export async function once(what, request) {
  // It is asked again here; twice three times would take too long. Older clients never do.
  const { data, error, count, status } = await (request.retry?.(false) ?? request)
  if (error) throw new AuthStateError(what, error, status ?? 0)
  return { data, count }
}

/**
 * Ask, and ask again where that can help. Every request may be repeated.
 *
 * @param {string} what What is done, for the error.
 * @param {() => any} build Builds the request.
 * @param {number} swapWaitMs Longest wait for a swap.
 * @returns {Promise<{ data: any, count: number | null }>}
 * @throws {AuthStateError}
 */
export async function ask(what, build, swapWaitMs) {
  let failures = 0
  let waitedMs = 0
  for (;;) {
    try {
      return await once(what, build())
    } catch (error) {
      if (!(error instanceof AuthStateError)) throw error
      if (error.isPaused && waitedMs < swapWaitMs) {
        waitedMs += SWAP_POLL_MS
        await pause(SWAP_POLL_MS)
      } else if (error.isTransient && failures < PAUSES_MS.length) {
        await pause(PAUSES_MS[failures++])
      } else {
        throw error
      }
    }
  }
}

/**
 * Return the rows of an answer.
 *
 * @param {string} what
 * @param {{ data: any, count: number | null }} answer With an exact count.
 * @throws {AuthStateError} It is cut short: keys that are there would seem not to be.
 */
export function rowsOf(what, { data, count }) {
  if (!Array.isArray(data) || data.length !== count) {
    throw new AuthStateError(`${what}: ${data?.length} of ${count} rows`, { code: 'CUT' }, 200)
  }
  return data
}
