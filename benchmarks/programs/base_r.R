# Base R, vectorised over draws: a vector for every state, a product for every transition that can happen.
folder <- commandArgs(TRUE)[1]
size <- scan(file.path(folder, "size.txt"), quiet = TRUE) # strategies, draws, states, cycles
read <- function(name, ...) array(readBin(file.path(folder, name), "double", prod(...)), c(...))
strategies <- size[1]; draws <- size[2]; states <- size[3]; cycles <- size[4]
# Written with the last axis fastest, R has the first axis fastest: axes come in reverse.
transition <- read("transition.bin", c(states, states, draws, strategies)) # to, from, draw, strategy
cost <- read("cost.bin", c(states, draws, strategies))
utility <- read("utility.bin", c(states, draws, strategies))
weights <- readBin(file.path(folder, "weights.bin"), "double", cycles + 1)

one_strategy <- function(s) {
  p <- list(); from <- c(); to <- c()
  for (i in seq_len(states)) for (j in seq_len(states)) {
    one <- transition[j, i, , s]
    if (any(one != 0)) { p[[length(p) + 1]] <- one; from <- c(from, i); to <- c(to, j) }
  }
  people <- lapply(seq_len(states), function(i) rep(as.numeric(i == 1), draws))
  spent <- lapply(people, function(x) x * weights[1])
  for (k in seq_len(cycles)) {
    after <- vector("list", states)
    for (m in seq_along(p)) {
      flow <- p[[m]] * people[[from[m]]]
      after[[to[m]]] <- if (is.null(after[[to[m]]])) flow else after[[to[m]]] + flow
    }
    people <- lapply(after, function(x) if (is.null(x)) rep(0, draws) else x)
    for (i in seq_len(states)) spent[[i]] <- spent[[i]] + people[[i]] * weights[k + 1]
  }
  total <- function(worth) Reduce(`+`, lapply(seq_len(states), function(i) spent[[i]] * worth[i, , s]))
  c(total(cost), total(utility))
}
everything <- function() lapply(seq_len(strategies), one_strategy)

invisible(everything()) # warmth
begun <- Sys.time()
answer <- everything()
seconds <- as.numeric(difftime(Sys.time(), begun, units = "secs"))
writeBin(unlist(answer), file.path(folder, "answer.bin"))
cat(format(seconds, digits = 12))
