// What a script sees: the toolkit's packages, and of the artifact and cache clients one for each protocol version.
import * as core from '@actions/core'
import * as github from '@actions/github'
import * as http from '@actions/http-client'
import * as artifact2 from 'artifact-2'
import * as artifact4 from 'artifact-4'
import * as artifact6 from 'artifact-6'
import * as cache4 from 'cache-4'
import * as cache6 from 'cache-6'
import fs from 'node:fs'

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor
const client = (version) => new { 2: artifact2, 4: artifact4, 6: artifact6 }[version].DefaultArtifactClient()
const cache = (version) => ({ 4: cache4, 6: cache6 })[version]
const names = { core, github, http, client, cache, fs }

export async function run(input) {
  try {
    const source = core.getInput(input)
    return source && (await new AsyncFunction(...Object.keys(names), source)(...Object.values(names)))
  } catch (error) {
    core.setFailed(error instanceof Error ? error.message : String(error))
  }
}

export { core }
