namespace MiniTorch.Tests.Docs;

/// <summary>Every code that an error can carry has a page.</summary>
internal sealed class ErrorPageTests
{
    [Test]
    public void Every_error_code_has_a_page_that_names_the_type()
    {
        MiniTorchException[] errors = [.. typeof(MiniTorchException).Assembly.GetExportedTypes().Where(typeof(MiniTorchException).IsAssignableFrom).Select(type => (MiniTorchException)Activator.CreateInstance(type)!)];
        errors.Select(error => error.Code).ShouldBeUnique();
        foreach (MiniTorchException error in errors)
            File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "guide", "errors", $"{error.Code}.md")).ShouldContain($"`{error.GetType().Name}`");
    }
}
