// The real Baileys with our authentication state. One JSON document per line comes in on stdin, one
// per line goes out on stdout: {"do": NAME, ...} gives what the act NAME of `acts` returns, or
// {"thrown": {name, code, status, message}}. Bytes travel as {"$bytes": HEX}.
//
// Every request goes through `send`, which counts what a fence refused and keeps, as the API was
// told and has acknowledged it, what each key must be: the test's own books.
import { isDeepStrictEqual } from 'node:util'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { BufferJSON, initAuthCreds, proto, useMultiFileAuthState } from '@whiskeysockets/baileys'
import { createClient } from '@supabase/supabase-js'
import { encode, revive, useChangeoverAuthState } from '@changeover/baileys'
import { COUNTS, fresh } from './material.mjs'

const TICK_MS = 20
const now = () => performance.timeOrigin + performance.now()

/** Where the API is; a proxy or a name server would say so. */
let url
const books = new Map()
const counts = { refused: 0, acknowledged: 0 }

async function send(input, init) {
  const asked = new URL(input)
  const at = url
  const response = await fetch(`${at}${asked.pathname}${asked.search}`, init)
  const isKeys = asked.pathname.endsWith('/whatsapp_keys')
  if (init.method === 'POST' && isKeys && response.ok) {
    counts.acknowledged += 1
    for (const { key_type, key_id, value, expires_at } of JSON.parse(init.body)) {
      books.set(`${key_type}/${key_id}`, { key_type, key_id, value, expires_at, at })
    }
  }
  if (!response.ok && (await response.clone().text()).includes('"P0004"')) counts.refused += 1
  return response
}

function client(key) {
  return createClient(url, key, { global: { fetch: send }, auth: { persistSession: false } })
}

const bytes = (_, value) => (value?.$bytes === undefined ? value : Buffer.from(value.$bytes, 'hex'))
function shown(value) {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(shown)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(one)]))
}

/** Equal byte for byte, type for type: the class of a view on bytes makes no difference. */
function same(a, b) {
  return isDeepStrictEqual(shown(plain(a)), shown(plain(b)))
}
function plain(value) {
  const { AppStateSyncKeyData } = proto.Message
  return value instanceof AppStateSyncKeyData ? AppStateSyncKeyData.encode(value).finish() : value
}

let open
let rotation

class Rotation {
  wanted = new Map()
  #flying = new Set()
  #writes = 0
  #isOver = false
  #done
  failed = []

  constructor(state) {
    this.state = state
  }

  async fill() {
    const data = {}
    for (const [type, count] of Object.entries(COUNTS)) {
      data[type] = {}
      for (let index = 0; index < count; index++) {
        const [id, value] = fresh(type, index, 0)
        data[type][id] = value
        this.wanted.set(`${type}/${id}`, { type, id, index, value })
      }
    }
    await this.state.keys.set(data)
    return this.wanted.size
  }

  begin() {
    this.#done = this.#run()
  }

  /** One key every 20 ms, the next one each time; a consumed pre-key makes room for a new one. */
  async #run() {
    const began = performance.now()
    while (!this.#isOver) {
      const round = this.#writes++
      const [name, { type, id, index }] = this.wanted.entries().next().value
      const [newId, value] = fresh(type, index, round + 1)
      const data = { [type]: { [newId]: value } }
      if (newId !== id) data[type][id] = null
      this.wanted.delete(name)
      this.wanted.set(`${type}/${newId}`, { type, id: newId, index, value })
      const write = this.state.keys.set(data).catch((error) => this.failed.push(String(error)))
      this.#flying.add(write)
      write.finally(() => this.#flying.delete(write))
      await pause(Math.max(0, began + this.#writes * TICK_MS - performance.now()))
    }
    await Promise.all(this.#flying)
  }

  async end() {
    this.#isOver = true
    await this.#done
    return this.#writes
  }
}

const acts = {
  async open({ url: at, key, company, options = {} }) {
    url = at
    if (options.now !== undefined) {
      const fixed = options.now
      options.now = () => fixed
    } else options.now = now
    const supabase = client(key)
    open = await useChangeoverAuthState(supabase, company, options)
    return shown(open.state.creds)
  },
  async openTwice({ url: at, key, company }) {
    url = at
    const both = await Promise.all(
      [1, 2].map(() => useChangeoverAuthState(client(key), company, { now })),
    )
    return both.map(({ state }) => shown(state.creds))
  },
  get: async ({ type, ids }) => shown(plainValues(await open.state.keys.get(type, ids))),
  set: async ({ data }) => open.state.keys.set(data),
  save: async ({ patch }) => {
    Object.assign(open.state.creds, patch)
    await open.saveCreds()
  },
  remove: async () => open.remove(),
  counts: async () => counts,
  // What we write, and what is read of it.
  forms: async ({ value }) => ({ ours: encode(value), again: shown(revive(encode(value))) }),
  // What Baileys itself would write.
  theirs: async ({ value }) => JSON.parse(JSON.stringify(value, BufferJSON.replacer)),
  initial: async () => {
    const creds = initAuthCreds()
    const again = revive(JSON.parse(JSON.stringify(encode(creds))))
    const cloned = revive(JSON.parse(JSON.stringify(creds)))
    const known = Object.fromEntries(Object.entries(creds).filter(([, one]) => one !== undefined))
    const theirs = JSON.parse(JSON.stringify(creds, BufferJSON.replacer))
    return { again: same(again, known), cloned: same(cloned, known), theirs: same(encode(creds), theirs) }
  },
  async folder({ path }) {
    const { state, saveCreds } = await useMultiFileAuthState(path)
    const rotated = new Rotation(state)
    await rotated.fill()
    await saveCreds()
    return { creds: shown(state.creds), keys: shown([...rotated.wanted.values()].map(plainKey)) }
  },
  fill: async () => (rotation = new Rotation(open.state)).fill(),
  begin: async () => rotation.begin(),
  written: async () => counts.acknowledged,
  url: async ({ url: at }) => {
    url = at
  },
  end: async () => ({ writes: await rotation.end(), failed: rotation.failed, ...counts }),
  // Every key anew, by a state that knows nothing, from where the API is now.
  async load({ key, company }) {
    const { state } = await useChangeoverAuthState(client(key), company, { now })
    const different = []
    const missing = []
    for (const type of Object.keys(COUNTS)) {
      const wanted = [...rotation.wanted.values()].filter((one) => one.type === type)
      const found = await state.keys.get(type, wanted.map(({ id }) => id))
      for (const { id, value } of wanted) {
        if (!(id in found)) missing.push(`${type}/${id}`)
        else if (!same(found[id], value)) different.push(`${type}/${id}`)
      }
    }
    return {
      different,
      missing,
      loaded: rotation.wanted.size - missing.length,
      creds: same(state.creds, revive(encode(open.state.creds))),
      books: [...rotation.wanted.keys()].map((name) => books.get(name)),
    }
  },
}

function plainKey({ type, id, value }) {
  return { type, id, value: plain(value) }
}
function plainValues(values) {
  return Object.fromEntries(Object.entries(values).map(([id, value]) => [id, plain(value)]))
}

for await (const line of createInterface({ input: process.stdin })) {
  let said
  try {
    const asked = JSON.parse(line, bytes)
    said = { found: (await acts[asked.do](asked)) ?? null }
  } catch (error) {
    const { name, code, status, message } = error
    said = { thrown: { name, code, status, message } }
  }
  process.stdout.write(`${JSON.stringify(said)}\n`)
}
process.exit(0)
