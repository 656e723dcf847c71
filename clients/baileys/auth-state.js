// The authentication state of Baileys over the tables whatsapp_auth and whatsapp_keys.
import { initAuthCreds, proto } from '@whiskeysockets/baileys'

import { AuthStateError, ask, once, rowsOf } from './api.js'
import { encode, revive } from './buffer.js'
import { Lanes } from './lanes.js'
import { TTL_DAYS, TTL_DAYS_OTHER, list, lives, moment, portions, sessionName, timestamp } from './key.js'

/**
 * @typedef {object} Options
 * @property {Record<string, number>} [ttlDays] Lives of keys by type, two days or more.
 * @property {number} [ttlDaysOther] The same for every other type.
 * @property {number} [swapWaitMs] Longest wait for a swap that keeps writes closed; 30 seconds.
 * @property {() => number} [now] The current moment, in milliseconds since 1970.
 */

/**
 * @typedef {object} ChangeoverAuthState
 * @property {import('@whiskeysockets/baileys').AuthenticationState} state For `makeWASocket({ auth })`.
 * @property {() => Promise<void>} saveCreds For `creds.update`.
 * @property {() => Promise<void>} remove Deletes the session: its keys, then its credentials.
 */

const DAY_MS = 86_400_000
const ASKED_MAX = 20_000
const CREDS = 'creds'

/**
 * Keep a session in Supabase, or in whatever answers like it: Changeover's gateway.
 *
 * Every call throws an `AuthStateError` where something went wrong. An outage is never "no keys":
 * Baileys would make new ones over living sessions.
 *
 * @param {import('@supabase/supabase-js').SupabaseClient} supabase With the service's key.
 * @param {string} companyId The session's name: the tenant's number as text.
 * @param {Options} [options]
 * @returns {Promise<ChangeoverAuthState>}
 */
export async function useChangeoverAuthState(supabase, companyId, options = {}) {
  const session = new Session(supabase, sessionName(companyId), options)
  const creds = await session.openCreds()
  return {
    state: {
      creds,
      keys: {
        get: (type, ids) => session.get(type, ids),
        set: (data) => session.set(data),
      },
    },
    saveCreds: () => session.saveCreds(creds),
    remove: () => session.remove(),
  }
}

class Session {
  #supabase
  #company
  #ttl
  #swapWaitMs
  #now
  #lanes = new Lanes()
  /** @type {Map<string, number>} When a key was last prolonged. */
  #asked = new Map()

  constructor(supabase, company, options) {
    this.#supabase = supabase
    this.#company = company
    this.#ttl = lives({ ...TTL_DAYS, ...options.ttlDays }, options.ttlDaysOther ?? TTL_DAYS_OTHER)
    this.#swapWaitMs = options.swapWaitMs ?? 30_000
    this.#now = options.now ?? Date.now
  }

  async openCreds() {
    const known = await this.#readCreds()
    if (known !== undefined) return known
    const fresh = { company_id: this.#company, creds: encode(initAuthCreds()) }
    // Somebody else may have been faster: then theirs hold, for both.
    await this.#ask('creating credentials', () =>
      this.#table('whatsapp_auth').upsert(fresh, {
        onConflict: 'company_id',
        ignoreDuplicates: true,
      }),
    )
    const found = await this.#readCreds()
    if (found === undefined) {
      throw new AuthStateError('reading new credentials', { code: 'GONE' }, 200)
    }
    return found
  }

  async #readCreds() {
    const what = 'reading credentials'
    const answer = await this.#ask(what, () =>
      this.#table('whatsapp_auth')
        .select('creds', { count: 'exact' })
        .eq('company_id', this.#company),
    )
    const rows = rowsOf(what, answer)
    return rows.length === 0 ? undefined : revive(rows[0].creds)
  }

  saveCreds(creds) {
    return this.#lanes.run([CREDS], async () => {
      const row = {
        company_id: this.#company,
        creds: encode(creds),
        updated_at: timestamp(this.#now()),
      }
      await this.#ask('saving credentials', () =>
        this.#table('whatsapp_auth').upsert(row, { onConflict: 'company_id' }),
      )
    })
  }

  async get(type, ids) {
    const what = `reading ${type}`
    const found = []
    const due = []
    for (const some of portions([...new Set(ids)])) {
      const answer = await this.#ask(what, () =>
        this.#own(this.#keys().select('key_id,value,expires_at', { count: 'exact' }), type, some),
      )
      for (const row of rowsOf(what, answer)) {
        found.push([row.key_id, read(type, revive(row.value))])
        if (this.#isDue(type, row)) due.push(row.key_id)
      }
    }
    await this.#prolong(type, due)
    return Object.fromEntries(found)
  }

  #isDue(type, row) {
    const now = this.#now()
    const asked = this.#asked.get(`${type}/${row.key_id}`) ?? -Infinity
    return moment(row.expires_at) < now + this.#ttl(type) / 2 && now - asked >= DAY_MS
  }

  /** A key in use never expires: at half its life it gets a whole one, at most once a day. */
  async #prolong(type, ids) {
    const now = this.#now()
    const ttl = this.#ttl(type)
    for (const some of portions(ids)) {
      const changes = { expires_at: timestamp(now + ttl) }
      const request = this.#own(this.#keys().update(changes), type, some)
      try {
        // The primary looks for itself at what is left.
        await once(`prolonging ${type}`, request.lt('expires_at', timestamp(now + ttl / 2)))
      } catch (error) {
        // The values are read, and the next read asks again: a day is left, or more.
        if (error instanceof AuthStateError && (error.isPaused || error.isTransient)) return
        throw error
      }
      if (this.#asked.size + some.length > ASKED_MAX) this.#asked.clear()
      for (const id of some) this.#asked.set(`${type}/${id}`, now)
    }
  }

  async set(data) {
    const rows = []
    const gone = []
    const now = this.#now()
    for (const [type, values] of Object.entries(data)) {
      const expires = timestamp(now + this.#ttl(type))
      const ids = []
      for (const [id, value] of Object.entries(values ?? {})) {
        if (value === null || value === undefined) ids.push(id)
        else rows.push(this.#row(type, id, encode(value), timestamp(now), expires))
      }
      if (ids.length > 0) gone.push([type, ids])
    }
    const names = rows.map((row) => `${row.key_type}/${row.key_id}`)
    for (const [type, ids] of gone) names.push(...ids.map((id) => `${type}/${id}`))
    await this.#lanes.run(names, () => this.#write(rows, gone))
  }

  #row(key_type, key_id, value, updated_at, expires_at) {
    return { company_id: this.#company, key_type, key_id, value, updated_at, expires_at }
  }

  /** One upsert, then deletes: what is broken off has deleted nothing too early. */
  async #write(rows, gone) {
    if (rows.length > 0) {
      await this.#ask('writing keys', () =>
        this.#keys().upsert(rows, { onConflict: 'company_id,key_type,key_id' }),
      )
    }
    for (const [type, ids] of gone) {
      for (const some of portions(ids)) {
        await this.#ask(`deleting ${type}`, () => this.#own(this.#keys().delete(), type, some))
      }
    }
  }

  async remove() {
    for (const name of ['whatsapp_keys', 'whatsapp_auth']) {
      await this.#ask(`removing the session from ${name}`, () =>
        this.#table(name).delete().eq('company_id', this.#company),
      )
    }
  }

  #table(name) {
    return this.#supabase.from(name)
  }

  #keys() {
    return this.#table('whatsapp_keys')
  }

  #own(request, type, ids) {
    return request
      .eq('company_id', this.#company)
      .eq('key_type', type)
      .filter('key_id', 'in', list(ids))
  }

  #ask(what, build) {
    return ask(what, build, this.#swapWaitMs)
  }
}

/** Return a value as Baileys wants it. */
function read(type, value) {
  if (type === 'app-state-sync-key' && value) {
    return proto.Message.AppStateSyncKeyData.fromObject(value)
  }
  return value
}
