/**
 * What a shell runs to complete a line. Each asks `conclave completion SHELL` and never evaluates what it is given: the
 * answers hold names that other members chose.
 */

/** The shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type ShellName = (typeof SHELLS)[number];

/** The script for a shell, to be read by it when it starts. */
export function completionScript(shell: ShellName): string {
  return SCRIPTS[shell];
}

const BASH = `# conclave completion for bash; in ~/.bashrc: source <(conclave completion bash)
_conclave() {
  local kind word
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r word; do COMPREPLY+=("$word"); done
  } < <(conclave completion bash --line "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  [[ $kind == files ]] || compopt +o default
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[/:=] ]] && compopt -o nospace
}
complete -o default -F _conclave conclave
`;

const ZSH = `#compdef conclave
# conclave completion for zsh; in ~/.zshrc, behind compinit: source <(conclave completion zsh)
_conclave() {
  local -a lines open closed
  local word
  lines=("\${(@f)$(conclave completion zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  for word in "\${(@)lines[2,-1]}"; do
    if [[ $word == *[/:=] ]]; then open+=("$word"); else closed+=("$word"); fi
  done
  (( $#open )) && compadd -S '' -- "\${(@)open}"
  (( $#closed )) && compadd -- "\${(@)closed}"
  [[ $lines[1] == files ]] && _files
  (( $#open + $#closed ))
}
if [[ $funcstack[1] == _conclave ]]; then _conclave "$@"; else compdef _conclave conclave; fi
`;

const FISH = `# conclave completion for fish; in ~/.config/fish/config.fish: conclave completion fish | source
function __conclave_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct | string unescape)
  set -l lines (conclave completion fish -- $words[2..-1] "$typed" 2>/dev/null)
  test "$lines[1]" = files; and __fish_complete_path (commandline -ct)
  test (count $lines) -gt 1; and printf '%s\\n' $lines[2..-1]
end
complete -c conclave -f -a '(__conclave_complete)'
`;

const POWERSHELL = `# conclave completion for PowerShell; in $PROFILE: conclave completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName conclave -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Value ?? $_.Extent.Text })
  $lines = @(conclave completion powershell '--' @words "$($wordToComplete.Trim("'", '"'))" 2>$null)
  $lines | Select-Object -Skip 1 | ForEach-Object {
    $quoted = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($_) + "'"
    $text = if ($_ -match '^[A-Za-z0-9_:./=+-]+$') { $_ } else { $quoted }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
  }
}
`;

const SCRIPTS: Readonly<Record<ShellName, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
