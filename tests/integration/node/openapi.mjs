// Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
// openapi.mjs DESCRIPTION ANSWERS: whether the description is valid OpenAPI, and the answers are as it says.
// ANSWERS is a JSON array of {path, method, status, headers, body}; path is a template of the description.
import {readFileSync} from 'node:fs';
import SwaggerParser from '@apidevtools/swagger-parser';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [, , description, answers] = process.argv;
const api = await SwaggerParser.validate(description);
const ajv = addFormats.default(new Ajv.default({allErrors: true, strict: false}));

const complaints = [];
for (const {path, method, status, headers, body} of JSON.parse(readFileSync(answers, 'utf8'))) {
    const complain = (text) => complaints.push(`${method} ${path}, ${status}: ${text}`);
    const responses = api.paths[path]?.[method.toLowerCase()]?.responses;
    const described = responses?.[status] ?? responses?.default;
    if (!described) {
        complain('is not described');
        continue;
    }
    for (const [name, header] of Object.entries(described.headers ?? {}))
        if (header.required && !(name.toLowerCase() in headers)) complain(`has no ${name}`);
    const schema = described.content?.['application/json']?.schema;
    if (!schema) {
        if (body !== '' && body !== '{}') complain(`has a body: ${body}`);
        continue;
    }
    const validate = ajv.compile(schema);
    if (!validate(JSON.parse(body))) complain(`${body}: ${ajv.errorsText(validate.errors)}`);
}
console.log(complaints.join('\n') || 'good');
process.exit(complaints.length ? 1 : 0);
