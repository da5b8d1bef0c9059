// Beside `core` and `fs` a script sees `github`, `http`, and for each protocol version the clients of artifacts and caches.
import * as github from '@actions/github'
import * as http from '@actions/http-client'
import * as artifact2 from 'artifact-2'
import * as artifact4 from 'artifact-4'
import * as artifact6 from 'artifact-6'
import * as cache4 from 'cache-4'
import * as cache6 from 'cache-6'
import { core, run } from './scripts.mjs'

const client = (version) => new { 2: artifact2, 4: artifact4, 6: artifact6 }[version].DefaultArtifactClient()
const cache = (version) => ({ 4: cache4, 6: cache6 })[version]

run('script', { github, http, client, cache }).then((result) => {
  if (result !== undefined) core.setOutput('result', JSON.stringify(result))
})
