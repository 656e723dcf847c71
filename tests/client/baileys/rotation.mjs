// The keys of a busy session: 728 of all types. 50 times a second one of them gets a new value.
import { setTimeout as pause } from 'node:timers/promises'
import { COUNTS, fresh } from './material.mjs'
import { socketKeys } from './socket.mjs'

const TICK_MS = 20
const BUSY = 16

export class Rotation {
  /** What the writer wants to be there, by type and id. */
  wanted = new Map()
  failed = []
  #state
  #save
  #keys
  /** Every second key, in the order in which they come; the others are at rest. */
  #queue = []
  #flying = new Set()
  #writes = 0
  #isOver = false
  #done

  constructor({ state, saveCreds }) {
    this.#state = state
    this.#save = saveCreds
    this.#keys = socketKeys(state.keys)
  }

  async fill() {
    const data = {}
    for (const [type, count] of Object.entries(COUNTS)) {
      data[type] = {}
      for (let index = 0; index < count; index++) {
        const [id, value] = fresh(type, index, 0)
        data[type][id] = value
        this.wanted.set(`${type}/${id}`, { type, id, index, value })
        if (index % 2 === 0) this.#queue.push(`${type}/${id}`)
      }
    }
    await this.#keys.set(data)
    await this.#save()
    return this.wanted.size
  }

  begin() {
    this.#done = this.#run()
  }

  /** One key every 20 ms: in turn the next of all, and one of the few busy sessions. */
  async #run() {
    const began = performance.now()
    while (!this.#isOver) {
      const round = ++this.#writes
      const [busyId] = fresh('session', Math.floor(round / 2) % BUSY, round)
      const write = this.#rotate(round % 2 ? this.#queue.shift() : `session/${busyId}`, round)
      this.#flying.add(write)
      write.finally(() => this.#flying.delete(write))
      await pause(Math.max(0, began + this.#writes * TICK_MS - performance.now()))
    }
    await Promise.all(this.#flying)
  }

  #rotate(name, round) {
    const old = this.wanted.get(name)
    const { type, index } = old
    const [id, value] = fresh(type, index, round)
    const written = this.#write(old, id, value).catch((error) => this.failed.push(String(error)))
    this.wanted.delete(name)
    this.wanted.set(`${type}/${id}`, { type, id, index, value, written })
    if (round % 2) this.#queue.push(`${type}/${id}`)
    return written
  }

  /** A pre-key is used up, in one write with its successor; all others get a new value. */
  async #write({ type, id, written }, newId, value) {
    // Nobody uses up a pre-key that is not stored yet.
    await written
    await this.#keys.transaction(async () => {
      await this.#keys.get(type, [id])
      await this.#keys.set({ [type]: { [newId]: value } })
      if (newId !== id) await this.#keys.set({ [type]: { [id]: null } })
    }, `${type}/${id}`)
    if (type === 'pre-key') {
      const { creds } = this.#state
      creds.nextPreKeyId = Math.max(creds.nextPreKeyId, Number(newId) + 1)
      await this.#save()
    }
  }

  async end() {
    this.#isOver = true
    await this.#done
    return this.#writes
  }
}
