// What the API was asked to write and has acknowledged: the test's own books, outside of both
// databases. Every request of the process passes here.

const LIST = /^in\.\((.*)\)$/s

export class Ledger {
  /** Where the API is; a proxy or a name server would say so. */
  url
  /** What must be there, by session: of keys what was last written, with the moment of expiry. */
  keys = new Map()
  creds = new Map()
  counts = { requests: 0, written: 0, deleted: 0, saved: 0, refused: 0 }

  send = async (input, init) => {
    const asked = new URL(input)
    const at = this.url
    this.counts.requests += 1
    const response = await fetch(`${at}${asked.pathname}${asked.search}`, init)
    if (response.ok) this.#book(asked, init, at)
    else if ((await response.clone().text()).includes('"P0004"')) this.counts.refused += 1
    return response
  }

  #book({ pathname, searchParams }, { method, headers, body }, at) {
    const isKeys = pathname.endsWith('/whatsapp_keys')
    if (method === 'DELETE' && isKeys) this.#deleted(searchParams)
    // Of two who open a session at once one is not heard: those rows are not written over others.
    if (method !== 'POST' || !new Headers(headers).get('prefer').includes('merge-duplicates')) return
    if (isKeys) this.#written(JSON.parse(body), at)
    else this.#saved(JSON.parse(body))
  }

  #saved({ company_id, creds }) {
    this.creds.set(company_id, creds)
    this.counts.saved += 1
  }

  #written(rows, at) {
    for (const { company_id, key_type, key_id, value, expires_at } of rows) {
      const one = { company_id, key_type, key_id, value, expires_at, at }
      this.keys.set(name(company_id, key_type, key_id), one)
      this.counts.written += 1
    }
  }

  #deleted(asked) {
    const [company, type] = ['company_id', 'key_type'].map((one) => asked.get(one)?.slice(3))
    const list = LIST.exec(asked.get('key_id') ?? '')?.[1]
    if (list === undefined) {
      // The whole session.
      for (const [key, one] of this.keys) if (one.company_id === company) this.keys.delete(key)
      return
    }
    // Quoted as JSON does it.
    for (const id of JSON.parse(`[${list}]`)) {
      this.keys.delete(name(company, type, id))
      this.counts.deleted += 1
    }
  }
}

function name(company, type, id) {
  return JSON.stringify([company, type, id])
}
