// The real Baileys with our authentication state. One JSON document per line comes in on stdin, one
// per line goes out on stdout: {"do": NAME, ...} gives what the act NAME of `acts` returns, or
// {"thrown": {name, code, status, message}}. Bytes travel as {"$bytes": HEX}.
import { isDeepStrictEqual } from 'node:util'
import { createInterface } from 'node:readline'
import { BufferJSON, initAuthCreds, proto, useMultiFileAuthState } from '@whiskeysockets/baileys'
import { createClient } from '@supabase/supabase-js'
import { encode, revive, useChangeoverAuthState } from '@changeover/baileys'
import { Conversation, repository } from './conversation.mjs'
import { Ledger } from './ledger.mjs'
import { COUNTS } from './material.mjs'
import { Rotation } from './rotation.mjs'
import { socketKeys } from './socket.mjs'

/** A slow machine is no reason to fail. */
const SWAP_WAIT_MS = 120_000
const now = () => performance.timeOrigin + performance.now()
const ledger = new Ledger()
let opened
let rotation
let conversation

// The library for Signal's protocol speaks to the console; stdout is ours.
for (const name of ['log', 'info']) console[name] = console.error

function open(key, company, options = {}) {
  const settings = { global: { fetch: ledger.send }, auth: { persistSession: false } }
  const more = { now, swapWaitMs: SWAP_WAIT_MS, ...options }
  return useChangeoverAuthState(createClient(ledger.url, key, settings), company, more)
}

const bytes = (_, value) => (value?.$bytes === undefined ? value : Buffer.from(value.$bytes, 'hex'))
function shown(value) {
  if (value instanceof proto.Message.AppStateSyncKeyData) return shown(proto.Message.AppStateSyncKeyData.encode(value).finish())
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(shown)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(one)]))
}

/** Equal byte for byte, type for type: the class of a view on bytes makes no difference. */
function same(a, b) {
  return isDeepStrictEqual(shown(a), shown(b))
}

const acts = {
  open: async ({ url, key, company, options = {} }) => {
    ledger.url = url
    const { now: fixed, ...more } = options
    opened = await open(key, company, fixed === undefined ? more : { ...more, now: () => fixed })
    return shown(opened.state.creds)
  },
  openTwice: async ({ url, key, company }) => {
    ledger.url = url
    const both = await Promise.all([open(key, company), open(key, company)])
    return both.map(({ state }) => shown(state.creds))
  },
  url: async ({ url }) => {
    ledger.url = url
  },
  get: async ({ type, ids }) => shown(await opened.state.keys.get(type, ids)),
  set: async ({ data }) => opened.state.keys.set(data),
  setAll: async ({ all }) => Promise.all(all.map((data) => opened.state.keys.set(data))),
  save: async ({ patch }) => {
    Object.assign(opened.state.creds, patch)
    await opened.saveCreds()
  },
  // As the socket asks: through the cache and the transactions of Baileys.
  socketGet: async ({ type, ids }) => shown(await socketKeys(opened.state.keys).get(type, ids)),
  validate: async ({ jid }) => repository(opened.state).validateSession(jid),
  remove: async () => opened.remove(),
  counts: async () => ledger.counts,

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
  folder: async ({ path }) => {
    const files = await useMultiFileAuthState(path)
    const filled = new Rotation(files)
    await filled.fill()
    const keys = [...filled.wanted.values()].map(({ type, id, value }) => ({ type, id, value: shown(value) }))
    return { creds: shown(files.state.creds), keys }
  },

  fill: async () => {
    rotation = new Rotation(opened)
    return rotation.fill()
  },
  rotate: async () => rotation.begin(),
  end: async () => ({ writes: await rotation.end(), failed: rotation.failed, ...ledger.counts }),
  // Every key anew, by a state that knows nothing, from where the API is now.
  load: async ({ key, company }) => {
    const { state } = await open(key, company)
    const different = []
    const missing = []
    for (const type of Object.keys(COUNTS)) {
      const wanted = [...rotation.wanted.values()].filter((one) => one.type === type)
      const found = await state.keys.get(type, wanted.map(({ id }) => id))
      for (const { id, value } of wanted) {
        if (!Object.hasOwn(found, id)) missing.push(`${type}/${id}`)
        else if (!same(found[id], value)) different.push(`${type}/${id}`)
      }
    }
    return {
      missing,
      different,
      loaded: rotation.wanted.size - missing.length,
      creds: same(state.creds, revive(encode(opened.state.creds))),
    }
  },
  ledger: async ({ company }) => ({
    keys: [...ledger.keys.values()].filter((one) => one.company_id === company),
    creds: ledger.creds.get(company),
  }),

  converse: async ({ key, company }) => {
    const { state, saveCreds } = await open(key, company)
    conversation = new Conversation()
    conversation.join(state)
    await conversation.begin()
    await saveCreds()
    conversation.go()
  },
  speak: async () => conversation.speak(),
  hush: async () => conversation.stop(),
  rejoin: async ({ key, company }) => {
    const { state } = await open(key, company)
    conversation.join(state)
    return conversation.known()
  },
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
