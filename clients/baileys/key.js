// Names and lives of sessions and keys, and how they are written in a request.

const DAY_MS = 86_400_000

/** Ids of one request, as they stand in its URL. What lies between may take no more than 8 kB. */
const URL_CHARACTERS_MAX = 6000
/** An API cuts answers at 1,000 rows. */
const IDS_MAX = 500
/** Half of it is a day: a key in use is prolonged at half its life, and at most once a day. */
const TTL_DAYS_MIN = 2

export const TTL_DAYS = { 'lid-mapping': 7, 'pre-key': 7, session: 7, 'sender-key': 7 }
export const TTL_DAYS_OTHER = 14

/**
 * @param {unknown} companyId
 * @returns {string} The same.
 * @throws {TypeError} It is no name of a session, or the spelling with the prefix.
 */
export function sessionName(companyId) {
  if (typeof companyId !== 'string' || !/^[A-Za-z0-9_-]{1,50}$/.test(companyId)) {
    throw new TypeError('companyId must be text of 1 to 50 of A-Z, a-z, 0-9, _ and -')
  }
  if (companyId.toLowerCase().startsWith('company_')) {
    throw new TypeError('companyId is spelled without "company_": two spellings are two sessions')
  }
  return companyId
}

/**
 * Return what says how long keys of a type live, in milliseconds.
 *
 * @param {Record<string, number>} days
 * @param {number} other
 * @returns {(type: string) => number}
 */
export function lives(days, other) {
  for (const [type, span] of [...Object.entries(days), ['other', other]]) {
    if (!(span >= TTL_DAYS_MIN)) throw new TypeError(`keys live 2 days or more, not so: ${type}`)
  }
  return (type) => (Object.hasOwn(days, type) ? days[type] : other) * DAY_MS
}

/**
 * @param {number} ms Since 1970; fractions are microseconds.
 * @returns {string}
 */
export function timestamp(ms) {
  const whole = Math.floor(ms)
  const micro = String(Math.floor((ms - whole) * 1000)).padStart(3, '0')
  return new Date(whole).toISOString().replace('Z', `${micro}Z`)
}

/**
 * @param {string | null} text A moment as the server writes it.
 * @returns {number} Milliseconds since 1970; Infinity for none and for never.
 */
export function moment(text) {
  if (text === null || text === 'infinity') return Infinity
  const found = Date.parse(text)
  if (Number.isNaN(found)) throw new TypeError('expires_at is no moment')
  return found
}

/** @param {string} value */
function quoted(value) {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** @param {string[]} values */
export function list(values) {
  return `(${values.map(quoted).join(',')})`
}

/**
 * Yield ids in portions that an URL holds.
 *
 * @param {string[]} ids
 * @returns {Generator<string[]>}
 */
export function* portions(ids) {
  let some = []
  let size = 0
  for (const id of ids) {
    const own = encodeURIComponent(quoted(id)).length + 3
    if (some.length > 0 && (size + own > URL_CHARACTERS_MAX || some.length === IDS_MAX)) {
      yield some
      some = []
      size = 0
    }
    some.push(id)
    size += own
  }
  if (some.length > 0) yield some
}
