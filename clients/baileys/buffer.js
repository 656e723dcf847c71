// Binary material inside of JSON. A Buffer is an object with exactly the members `type`, which is
// "Buffer", and `data`, which is a list of bytes or base64: both are read, base64 is written, the
// form of Baileys' own BufferJSON. That one is not used itself: it knows no lists, and it takes
// objects for Buffers that merely look like one.

/**
 * Return JSON's values with every Buffer in them, at any depth, revived.
 *
 * @param {unknown} value What JSON was parsed to.
 * @returns {any}
 */
export function revive(value) {
  if (Array.isArray(value)) return value.map(revive)
  if (value === null || typeof value !== 'object') return value
  const bytes = bytesOf(value)
  if (bytes !== undefined) return bytes
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, revive(one)]))
}

/**
 * Return a value as JSON holds it: every Buffer as an object with base64.
 *
 * @param {unknown} value What Baileys stores: JSON's values, Buffers, Uint8Arrays, messages of proto.
 * @returns {any}
 * @throws {TypeError} JSON has no such value.
 */
export function encode(value) {
  const text = JSON.stringify(value, replacer)
  if (text === undefined) throw new TypeError(`a ${typeof value} can't be stored in a key`)
  return JSON.parse(text)
}

/**
 * @this {any}
 * @param {string} name
 * @param {any} value
 */
function replacer(name, value) {
  // What it was before toJSON, which makes a list of a Buffer.
  const raw = this[name]
  if (raw instanceof Uint8Array) return form(raw)
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError('JSON has no infinite number and no NaN')
  }
  const bytes = value !== null && typeof value === 'object' ? bytesOf(value) : undefined
  return bytes === undefined ? value : form(bytes)
}

/** @param {Uint8Array} bytes */
function form(bytes) {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { type: 'Buffer', data: view.toString('base64') }
}

/**
 * @param {any} value An object.
 * @returns {Buffer | undefined} The bytes of a Buffer.
 */
function bytesOf(value) {
  if (value.type !== 'Buffer' || Object.keys(value).sort().join() !== 'data,type') return undefined
  const { data } = value
  if (Array.isArray(data)) return data.every(isByte) ? Buffer.from(data) : undefined
  if (typeof data !== 'string') return undefined
  const bytes = Buffer.from(data, 'base64')
  // Only what would be written again the same: other text is somebody's own.
  return bytes.toString('base64') === data ? bytes : undefined
}

/** @param {unknown} value */
function isByte(value) {
  return Number.isInteger(value) && value >= 0 && value <= 255
}
