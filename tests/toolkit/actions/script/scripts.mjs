// Runs the script of an input; what it sees by name is given, and `core` and `fs` always.
import * as core from '@actions/core'
import fs from 'node:fs'

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor

export async function run(input, more = {}) {
  try {
    const names = { core, fs, ...more }
    const source = core.getInput(input)
    return source && (await new AsyncFunction(...Object.keys(names), source)(...Object.values(names)))
  } catch (error) {
    core.setFailed(error instanceof Error ? error.message : String(error))
  }
}

export { core }
